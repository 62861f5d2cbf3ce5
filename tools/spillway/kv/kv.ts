/** One KV namespace of the gateway, as the commands use it, on this machine or in the account. */

/** As wrangler.toml binds them. */
export type KvBinding = "POLICIES" | "KEYS";

export interface Kv {
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  /** What is stored under each key that begins with `prefix`, by key. */
  all(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** For so long a read may still show what was there before a write. */
  settleSeconds: number;
}
