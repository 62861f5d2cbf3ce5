/** A log of Lambda as the plan reads it. */
import { UNKNOWN_CALL } from "../../../../../tools/spillway/plan/input/call.ts";
import { Calls } from "../../../../../tools/spillway/plan/input/calls.ts";
import type { Inputs } from "../../../../../tools/spillway/plan/input/read-inputs.ts";

/** One call every `gapMs`, of 600 ms each. */
export function log(n: number, gapMs: number, bent: Partial<typeof UNKNOWN_CALL> = {}): Inputs {
  const calls = new Calls();
  for (let index = 0; index < n; index++) {
    const runMs = 400 + ((index * 37) % 400);
    calls.add({ ...UNKNOWN_CALL, atMs: 1.7e12 + index * gapMs, runMs, billedMs: runMs, memoryMiB: 3008, ...bent });
  }
  return { calls, texts: new Calls(), counts: [] };
}
