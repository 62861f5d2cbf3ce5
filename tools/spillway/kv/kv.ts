/** The port to one KV namespace of the gateway: on this machine or in the Cloudflare account. */

/** Names of the bindings in wrangler.toml. */
export type KvBinding = "POLICIES" | "KEYS";

export interface Kv {
  /** @returns null when the key does not exist */
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  /** @returns key and value of every key that begins with `prefix` */
  all(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** After a write, a read may return the previous value for this time. */
  settleSeconds: number;
}
