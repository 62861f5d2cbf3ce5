/** `spillway keys create`: the key alone on stdout, once, so that `KEY=$(npx spillway keys create …)` works; the rest on stderr. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_RATE, RATES, type Rate, SCOPES, type Scope } from "../../../keys/schema.ts";
import { createKey } from "../../keys/desk.ts";
import { expiryOf } from "../../keys/expiry.ts";
import { takesWhere, type WhereOptions, withKv } from "../where.ts";

const NAME_MAX_LENGTH = 100;

interface Options extends WhereOptions {
  name: string;
  scope: Scope[];
  expires?: string;
  rate?: Rate;
  inputs?: number;
}

export function registerCreate(keys: Command): void {
  const create = keys
    .command("create")
    .description("Make a key. It is printed once, and only its SHA-256 is stored.")
    .requiredOption("--name <name>", "whose it is, for the list")
    .addOption(new Option("--scope <scope...>", "what it is good for").choices(SCOPES).default([...SCOPES]))
    .option("--expires <when>", "after a span (90d, 12h, 8w) or at a day or time (2027-01-01); never unless given")
    .addOption(new Option("--rate <rate>", `how often it may ask; ${DEFAULT_RATE} unless given`).choices(RATES))
    .option("--inputs <number>", "at most so many inputs in one request, below the policy's own limit", wholeNumber);
  takesWhere(create).action(async ({ name, scope, expires, rate, inputs, ...where }: Options) => {
    const now = new Date();
    const expiresAt = expires === undefined ? null : expiryOf(expires, now);
    const limits = { ...(rate !== undefined && { rate }), ...(inputs !== undefined && { inputs }) };
    const wanted = { name: nameIn(name), scopes: [...new Set(scope)], expiresAt, limits };
    const { id, key } = await withKv("KEYS", where, (kv) => createKey(kv, wanted, now));
    console.error(`  id       ${id}: it is in lists and traces, and revokes the key`);
    console.error(`  expires  ${expiresAt ?? "never"}`);
    console.error("  The key is shown only here, and stored only as its SHA-256:");
    console.log(key);
  });
}

function nameIn(typed: string): string {
  const name = typed.trim();
  // Names are shown in terminals: nothing in them may steer one.
  if (name === "" || name.length > NAME_MAX_LENGTH || /\p{Cc}|\p{Cf}/u.test(name)) {
    throw new Error(
      `--name has ${name.length} characters; it must have 1 to ${NAME_MAX_LENGTH}, with no control characters.`,
    );
  }
  return name;
}

function wholeNumber(typed: string): number {
  if (/^[1-9]\d{0,5}$/.test(typed)) return Number(typed);
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}
