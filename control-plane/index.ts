/** The Worker's entry: the ledger's objects, and the operator's requests. */
import { app } from "./app.ts";
import type { Env } from "./ports.ts";

export { Ledger } from "./root/ledger.ts";
export { LedgerShard } from "./shard/ledger-shard.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
