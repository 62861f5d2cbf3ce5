/** The API keys: who holds them, whether they work, and when they were last used. No secret and no hash is read into a page. */
import { Hono } from "hono";
import { html } from "hono/html";
import { DEFAULT_RATE, KEY_PREFIX, type KeyRecord, parseKeyRecord } from "../../formats/api-key.ts";
import type { KeyUses } from "../../formats/ledger/answer.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import { withinMs } from "../within.ts";
import { type ConsoleEnv, pageOf } from "./context.ts";
import { layout } from "./layout.ts";
import { badge, empty, type Markup, section, time } from "./markup.ts";

const MAX_KEYS = 200;
/** The list is useful without last uses. */
const MAX_USES_MS = 3000;

export interface ListedKey {
  id: string;
  /** Null when the stored value is not a record of a key. */
  record: KeyRecord | null;
}

export function keyRoutes(): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();
  routes.get("/", async (context) => {
    const { LEDGER, KEYS } = context.env;
    const [{ keys, isComplete }, uses] = await Promise.all([listedKeys(KEYS), usesIn(LEDGER)]);
    const page = pageOf(context);
    const content = keysView(keys, { uses, isComplete, hasTraces: page.tracePages.length > 0, nowMs: Date.now() });
    return context.html(layout({ ...page, title: "API keys", path: "/keys", live: null }, content));
  });
  return routes;
}

async function listedKeys(kv: Env["KEYS"]): Promise<{ keys: ListedKey[]; isComplete: boolean }> {
  const { keys, list_complete: isComplete } = await kv.list({ prefix: KEY_PREFIX, limit: MAX_KEYS });
  const listed = keys.map(async ({ name }) => {
    const text = await kv.get(name);
    return { id: name.slice(KEY_PREFIX.length), record: text === null ? null : parseKeyRecord(text) };
  });
  return { keys: await Promise.all(listed), isComplete };
}

/** Null if the ledger does not answer. */
async function usesIn(ledger: Env["LEDGER"]): Promise<KeyUses | null> {
  try {
    return await withinMs(MAX_USES_MS, ledger.get(ledger.idFromName(ROOT_NAME)).keyUses());
  } catch (error) {
    console.warn(`The last uses of keys could not be read: ${String(error)}`);
    return null;
  }
}

interface KeysFacts {
  uses: KeyUses | null;
  isComplete: boolean;
  hasTraces: boolean;
  nowMs: number;
}

/** Pure. */
export function keysView(keys: readonly ListedKey[], { uses, isComplete, hasTraces, nowMs }: KeysFacts): Markup {
  const lastUses = new Map(uses?.keys.map(({ id, hourMs }) => [id, hourMs]));
  const sorted = keys.toSorted((a, b) => (b.record?.createdAt ?? "").localeCompare(a.record?.createdAt ?? ""));
  const rows = sorted.map(({ id, record }) => {
    if (record === null)
      return html`<tr><th scope="row">unreadable</th><td data-l="id"><code>${id}</code></td><td data-l="state">${badge("rejected", "bad")}</td><td colspan="5">The stored value is not a record of a key.</td></tr>`;
    const { name, scopes, createdAt, expiresAt, revokedAt, limits } = record;
    const usedMs = lastUses.get(id);
    return html`<tr><th scope="row">${plainName(name)}</th><td data-l="id"><code>${id}</code></td><td data-l="state">${stateOf(record, nowMs)}</td><td data-l="last used">${usedMs === undefined ? "–" : time(usedMs)}</td><td data-l="scopes">${scopes.join(", ")}</td>
<td data-l="rate">${limits?.rate ?? DEFAULT_RATE}</td><td data-l="created">${time(Date.parse(createdAt))}</td><td data-l="expires">${revokedAt !== null ? "–" : expiresAt === null ? "never" : time(Date.parse(expiresAt))}</td></tr>`;
  });
  const shown =
    rows.length === 0
      ? empty("There are no API keys. Create one:", "npx spillway keys create --name <owner>")
      : html`<div class="scroll" tabindex="0" role="region" aria-label="API keys"><table class="words stacks">
<thead><tr><th scope="col">name</th><th scope="col">id</th><th scope="col">state</th><th scope="col">last used, hour (UTC)</th><th scope="col">scopes</th><th scope="col">rate</th><th scope="col">created, UTC</th><th scope="col">expires, UTC</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
  const more = isComplete
    ? ""
    : html`<p class="soft">Only the first ${MAX_KEYS} keys are listed. All: <code>npx spillway keys list</code></p>`;
  const traces = hasTraces ? "the trace backend" : "your trace backend";
  return section(
    { title: "API keys", aside: `${rows.length} listed`, span: 12 },
    shown,
    more,
    html`<p class="soft">${usesSentence(uses)} Single requests are in traces: search ${traces} for the key's id in <code>spillway.api_key.id</code>.</p>`,
    html`<p class="soft">Revoke a key with <code>npx spillway keys revoke &lt;id&gt;</code>; the gateway rejects it within 60 s.</p>`,
  );
}

function usesSentence(uses: KeyUses | null): Markup {
  if (uses === null) return html`The last uses cannot be shown now: the ledger does not answer.`;
  if (uses.sinceMs === null) {
    return html`No use of a key was counted yet. The gateway reports uses by the hour, within about two minutes.`;
  }
  return html`Uses are counted by the hour, and shown within about two minutes. A dash: no use since ${time(uses.sinceMs)}.`;
}

/** Everyone who may write to KV can choose it: characters that reverse or hide others are removed. */
function plainName(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");
}

function stateOf({ expiresAt, revokedAt }: KeyRecord, nowMs: number): Markup {
  if (revokedAt !== null) return badge("revoked", "bad");
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs) return badge("expired", "warn");
  return badge("active", "good");
}
