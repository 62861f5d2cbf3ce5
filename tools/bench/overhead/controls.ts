/** What a client of gateway-worker.ts tells it. */

/** A request that has this header is served by the gateway that counts for no ledger. */
export const WITHOUT_LEDGER_HEADER = "x-without-ledger";
