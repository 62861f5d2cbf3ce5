/** `spillway keys create`, `list` and `revoke`. `create` prints only the key on stdout, so that `KEY=$(npx spillway keys create …)` works. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { DEFAULT_RATE, type KeyRecord, RATES, type Rate, SCOPES, type Scope } from "../../../formats/api-key.ts";
import type { KeyUses } from "../../../formats/ledger/answer.ts";
import { REVOKED_WITHIN_SECONDS } from "../../../gateway/authenticate/key-store.ts";
import { askControlPlane } from "../control-plane/ask.ts";
import { controlPlaneOf } from "../control-plane/url.ts";
import { addWhereOptions, type WhereOptions, withKv } from "../kv/where.ts";
import { oneSentence } from "../terminal/one-sentence.ts";
import { tableText } from "../terminal/table.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { expiryOf } from "./expiry.ts";
import { createKey, type Listed, listKeys, plainName, revokeKey } from "./repository.ts";

const MAX_NAME_LENGTH = 100;

interface CreateOptions extends WhereOptions {
  name: string;
  scope: Scope[];
  expires?: string;
  rate?: Rate;
  inputs?: number;
}

/** Adds `spillway keys create`. */
export function registerCreate(keys: Command): void {
  const create = keys
    .command("create")
    .description("Create a key. It is printed once, and only its SHA-256 is stored.")
    .requiredOption("--name <name>", "the owner, for the list")
    .addOption(new Option("--scope <scope...>", "what the key allows").choices(SCOPES).default([...SCOPES]))
    .option("--expires <when>", "a duration (90d, 12h, 8w), a day or a time (2027-01-01) (default: never)")
    .addOption(new Option("--rate <rate>", `rate limit of the key (default: ${DEFAULT_RATE})`).choices(RATES))
    .option("--inputs <number>", "inputs per request, if fewer than the policy allows", wholeNumber);
  addWhereOptions(create).action(async ({ name, scope, expires, rate, inputs, ...where }: CreateOptions) => {
    const now = new Date();
    const expiresAt = expires === undefined ? null : expiryOf(expires, now);
    const limits = { ...(rate !== undefined && { rate }), ...(inputs !== undefined && { inputs }) };
    const wanted = { name: nameIn(name), scopes: [...new Set(scope)], expiresAt, limits };
    const { id, key } = await withKv("KEYS", where, (kv) => createKey(kv, wanted, now));
    console.error(`  id       ${id}: identifies the key in lists and traces, and revokes it`);
    console.error(`  expires  ${expiresAt ?? "never"}`);
    console.error("  The key is shown only once. Only its SHA-256 is stored:");
    console.log(key);
  });
}

function nameIn(typed: string): string {
  const name = typed.trim();
  // Names are printed in terminals: no control sequence may be in them.
  if (name === "" || name.length > MAX_NAME_LENGTH || /\p{Cc}|\p{Cf}/u.test(name)) {
    throw new Error(
      `--name has ${name.length} characters; it must have 1 to ${MAX_NAME_LENGTH}, with no control characters.`,
    );
  }
  return name;
}

function wholeNumber(typed: string): number {
  if (/^[1-9]\d{0,5}$/.test(typed)) return Number(typed);
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

interface ListOptions extends WhereOptions {
  url?: string;
  json?: true;
}

/** The list is printed without last uses where the control plane does not answer within this time. */
const MAX_USES_MS = 5000;
const usesSchema = z.object({
  sinceMs: z.number().nullable(),
  keys: z.array(z.object({ id: z.string(), hourMs: z.number() })),
});

/** Adds `spillway keys list`. */
export function registerList(keys: Command): void {
  const list = keys
    .command("list")
    .description(
      "List the keys: id, name, scopes, dates, state, rate and, by the hour, the last use. Keys and hashes are never shown.",
    )
    .option("--url <url>", "the control plane at another address, which knows the last uses")
    .option("--json", "print JSON");
  addWhereOptions(list).action(async ({ json, url, ...where }: ListOptions) => {
    const listed = await withKv("KEYS", where, listKeys);
    const uses = listed.length === 0 ? null : await usesOf({ ...where, ...(url !== undefined && { url }) });
    const rows = listed.map((key) => rowOf(key, uses, new Date()));
    if (json) console.log(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) console.log("There are no keys. Create one with spillway keys create --name <name>.");
    else console.log(table(rows, columnsOf(process.stdout)));
  });
}

/** Null, with the reason on stderr, if the control plane does not answer. */
async function usesOf({ remote, env, url }: WhereOptions & Pick<ListOptions, "url">): Promise<KeyUses | null> {
  try {
    const options = { ...(remote && { remote }), ...(env !== undefined && { env }), ...(url !== undefined && { url }) };
    const controlPlane = { ...(await controlPlaneOf(options, process.env)), maxWaitMs: MAX_USES_MS };
    return await askControlPlane(controlPlane, { method: "GET", path: "/v1/key-uses" }, usesSchema);
  } catch (error) {
    console.error(`Last uses are not shown. ${oneSentence(error)}`);
    return null;
  }
}

function rowOf({ id, record }: Listed, uses: KeyUses | null, now: Date) {
  const used = uses?.keys.find((one) => one.id === id);
  return {
    id,
    name: record?.name ?? null,
    state: stateOf(record, now),
    scopes: record?.scopes ?? [],
    rate: record === null ? null : (record.limits?.rate ?? DEFAULT_RATE),
    inputs: record?.limits?.inputs ?? null,
    createdAt: record?.createdAt ?? null,
    expiresAt: record?.expiresAt ?? null,
    revokedAt: record?.revokedAt ?? null,
    /** The start of the hour of the last use. Null with `usesCountedFrom`: no use since then. Null without it: unknown. */
    lastUsedAt: used === undefined ? null : isoOf(used.hourMs),
    usesCountedFrom: uses === null || uses.sinceMs === null ? null : isoOf(uses.sinceMs),
  };
}

type Row = ReturnType<typeof rowOf>;

function table(rows: readonly Row[], columns: number | null): string {
  const cells = rows.map(({ id, name, state, scopes, rate, inputs, createdAt, expiresAt, revokedAt, ...use }) => [
    id,
    plainName(name ?? "-"),
    revokedAt === null ? state : `${state} ${day(revokedAt)}`,
    lastUse(use),
    scopes.join(", ") || "-",
    rate ?? "-",
    inputs === null ? "-" : String(inputs),
    createdAt === null ? "-" : day(createdAt),
    expiresAt === null ? "never" : day(expiresAt),
  ]);
  const head = ["id", "name", "state", "last used, UTC", "scopes", "rate", "inputs", "created", "expires"];
  return tableText({ head, rows: cells }, columns);
}

const day = (iso: string) => iso.slice(0, 10);
const minute = (iso: string) => iso.slice(0, 16).replace("T", " ");
const isoOf = (ms: number) => new Date(ms).toISOString();

function lastUse({ lastUsedAt, usesCountedFrom }: Pick<Row, "lastUsedAt" | "usesCountedFrom">): string {
  if (lastUsedAt !== null) return minute(lastUsedAt);
  return usesCountedFrom === null ? "unknown" : `not since ${minute(usesCountedFrom)}`;
}

/** Adds `spillway keys revoke`. */
export function registerRevoke(keys: Command): void {
  const revoke = keys
    .command("revoke")
    .description("Revoke a key permanently.")
    .argument("<id>", "the id of the key, as spillway keys list shows it, or the key");
  addWhereOptions(revoke).action(async (named: string, where: WhereOptions) => {
    const { id, name, revokedAt, wasRevoked } = await withKv("KEYS", where, (kv) => revokeKey(kv, named, new Date()));
    if (wasRevoked) {
      console.log(`${id} (${name}) was already revoked at ${revokedAt}. Nothing was changed.`);
      return;
    }
    console.log(`${id} (${name}) is revoked. The gateway rejects it within ${REVOKED_WITHIN_SECONDS} s.`);
    if (where.remote) console.error("  (when KV's caches expire; Cloudflare guarantees no bound for other locations)");
  });
}

type KeyState = "active" | "expired" | "revoked" | "unreadable";

function stateOf(record: KeyRecord | null, now: Date): KeyState {
  if (record === null) return "unreadable";
  if (record.revokedAt !== null) return "revoked";
  return record.expiresAt !== null && Date.parse(record.expiresAt) <= now.getTime() ? "expired" : "active";
}
