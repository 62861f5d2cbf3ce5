import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the misbehaving origin listens; ends in `/`, append a behaviour. */
    faultOrigin: string;
    /** What a failed run of the hostile requests has printed; null: a new one. */
    hostileSeed: number | null;
    /** How many hostile requests are sent. */
    hostileRequests: number;
    /** Texts that the end-to-end test of the ledger sends. */
    experimentTexts: number;
  }
}
