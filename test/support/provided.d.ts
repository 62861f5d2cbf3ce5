import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the misbehaving origin listens; ends in `/`, append a behaviour. */
    faultOrigin: string;
    /** Seed of everything that fuzzers generate. */
    hostileSeed: number;
    /** A fuzzer or a longer property test runs so many times as often as in `npm test`. */
    fuzzFactor: number;
    /** How many hostile requests are sent. */
    hostileRequests: number;
    /** Texts that the end-to-end test of the ledger sends. */
    experimentTexts: number;
  }
}
