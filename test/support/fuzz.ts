/** How often a fuzzer or a property test runs, and with which seed: SPILLWAY_NIGHTLY and SPILLWAY_HOSTILE_SEED. */
import { inject } from "vitest";

/** @param runs of `npm test`; a nightly run has a hundred times as many @returns options of `fc.assert` */
export function fuzzRuns(runs: number): { numRuns: number; seed: number } {
  return { numRuns: runs * inject("fuzzFactor"), seed: inject("hostileSeed") };
}
