/** KV on this machine, as wrangler stores it. A running `wrangler dev` sees each write. */
import { withLocalStores } from "../../process/local-stores.ts";
import type { Kv, KvBinding } from "./kv.ts";

/**
 * Opens a namespace for `work`.
 * @param persistFolder as wrangler's `--persist-to` has it
 * @throws Error with one sentence when wrangler.toml binds no such namespace
 */
export function withLocalKv<T>(binding: KvBinding, persistFolder: string, work: (kv: Kv) => Promise<T>): Promise<T> {
  return withLocalStores(persistFolder, (stores) => work({ ...stores.kv(binding), settleSeconds: 0 }));
}
