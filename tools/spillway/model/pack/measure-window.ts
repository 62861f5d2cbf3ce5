/** The time of the longest text at the origin, for a package whose edge states none. */
import type { Infer } from "../../../../lambda-origin/infer.ts";
import { hundredths } from "../../../statistics.ts";
import { sampleIds } from "./measure.ts";

const TIMED_RUNS = 3;

/** In ms, here: the fastest of some runs, as other programs may use the machine. */
export async function measureWindowMs(
  { infer, windowTokens }: { infer: Infer; windowTokens: number },
  vocabularySize: number,
): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < TIMED_RUNS; run++) {
    const startedAtMs = performance.now();
    await infer([sampleIds(windowTokens, vocabularySize)]);
    times.push(performance.now() - startedAtMs);
  }
  return hundredths(Math.min(...times));
}
