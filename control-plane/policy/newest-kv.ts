/**
 * KV as the root object sees it. KV may return an older value for up to 90 s after a write; what the object wrote itself within that time it
 * knows, and returns instead.
 */
import { KV_CACHE_SECONDS, KV_PROPAGATION_SECONDS, POLICY_KEY } from "../../policies/store.ts";
import { type History, historyText, MAX_ENTRIES, readHistory, sha256Of } from "../../policies/versions/history.ts";
import { HISTORY_KEY, type PolicyKv } from "../../policies/versions/repository.ts";
import { withinMs } from "../within.ts";
import type { PolicyWrite } from "./write-table.ts";

/** After a write, KV and its cache may return the previous value for this time. */
export const SETTLED_AFTER_MS = (KV_PROPAGATION_SECONDS + KV_CACHE_SECONDS) * 1000;
/** Of one read or write. */
const MAX_KV_MS = 10_000;
/** KV accepts one write per second and key. https://developers.cloudflare.com/kv/platform/limits/ */
const PAUSE_MS = 1100;
const MAX_ATTEMPTS = 3;

/** @param written the object's own writes that KV may not return yet, oldest first */
export function newestKv(namespace: KVNamespace, written: () => readonly PolicyWrite[]): PolicyKv {
  const read = (key: string) => withinMs(MAX_KV_MS, namespace.get(key, { type: "text", cacheTtl: KV_CACHE_SECONDS }));
  return {
    get: async (key) => {
      const text = await read(key);
      if (key === POLICY_KEY) return newestPolicy(text, written());
      if (key !== HISTORY_KEY) return text;
      const own = written();
      return own.length === 0 ? text : historyText(withOwn(readHistory(text), own));
    },
    put: (key, text) => putPaced(namespace, key, text),
    settleSeconds: KV_PROPAGATION_SECONDS,
  };
}

/** The history with the object's own entries that KV does not return yet. */
export function withOwn(history: History, own: readonly Pick<PolicyWrite, "entry">[]): History {
  const known = new Set(history.entries.map(({ name, sha256 }) => `${name} ${sha256}`));
  const missing = own.map(({ entry }) => entry).filter(({ name, sha256 }) => !known.has(`${name} ${sha256}`));
  if (missing.length === 0) return history;
  return {
    highestVersion: Math.max(history.highestVersion, ...missing.map(({ version }) => version ?? 0)),
    entries: [...history.entries, ...missing].slice(-MAX_ENTRIES),
  };
}

/** A version that was stored before the object's last write is KV's delay. Any other text is another author's. */
function newestPolicy(text: string | null, own: readonly PolicyWrite[]): string | null {
  const last = own.findLast(({ isDone }) => isDone);
  return last?.earlier.includes(sha256Of(text)) ? last.entry.text : text;
}

async function putPaced(namespace: KVNamespace, key: string, text: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withinMs(MAX_KV_MS, namespace.put(key, text));
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !String(error).includes("429")) throw error;
      await scheduler.wait(PAUSE_MS);
    }
  }
}
