/** How a client of gateway-worker.ts chooses one of its gateways. */

/** A request that has this header is served by the gateway that counts for no ledger. */
export const WITHOUT_LEDGER_HEADER = "x-without-ledger";
