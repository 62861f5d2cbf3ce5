/** The Worker's entry: the ledger's objects, the operator's requests and the console. */
import { createApp } from "./app.ts";
import type { Env } from "./ports.ts";

export { Ledger } from "./root/ledger.ts";
export { LedgerShard } from "./shard/ledger-shard.ts";

export default { fetch: createApp().fetch } satisfies ExportedHandler<Env>;
