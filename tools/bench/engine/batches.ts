/** Short texts that run as one, against the same texts one after another, in one Worker. */

import { hundredths, percentile } from "../../statistics.ts";
import { runTexts } from "../plain/client.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { measureRunners } from "./runners.ts";

/** How many texts, and the tokens of each. */
const SHAPES = [8, 16, 32].flatMap((tokens) => [2, 4, 8].map((texts) => ({ texts, tokens })));

export interface Batch {
  texts: number;
  /** Of each text. */
  tokens: number;
  /** Milliseconds of all texts, minima. */
  togetherMs: number;
  oneByOneMs: number;
  togetherMsP50: number;
  oneByOneMsP50: number;
  /** Ratio of the minima. */
  togetherOverOneByOne: number;
}

/** @param encodeText token ids of a text with this many tokens; another seed gives another text */
export async function measureBatches(
  worker: RunningWorker,
  encodeText: (tokens: number, seed: number) => readonly number[],
  rounds: number,
): Promise<Batch[]> {
  const inputs = SHAPES.map(({ texts, tokens }) =>
    Array.from({ length: texts }, (_, seed) => encodeText(tokens, seed)),
  );
  const runner = (together: boolean) => (texts: readonly (readonly number[])[], runs: number) =>
    runTexts(worker, texts, { runs, together });
  const times = await measureRunners({ together: runner(true), oneByOne: runner(false) }, inputs, rounds);
  return times.map(({ input, samples: { together, oneByOne } }) => ({
    texts: input.length,
    tokens: input[0]?.length ?? 0,
    togetherMs: hundredths(percentile(together, 0)),
    oneByOneMs: hundredths(percentile(oneByOne, 0)),
    togetherMsP50: hundredths(percentile(together, 50)),
    oneByOneMsP50: hundredths(percentile(oneByOne, 50)),
    togetherOverOneByOne: hundredths(percentile(together, 0) / percentile(oneByOne, 0)),
  }));
}
