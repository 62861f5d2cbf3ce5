/** Times whole runs of one encoder: the same code in Node and in workerd. */
import { type Encoder, runToEnd } from "../encoder/encoder.ts";
import type { DotVariant } from "../kernels.ts";
import { randomIds } from "../sample/random-encoder.ts";

/** The shortest interval that workerd's clock shows well: it counts whole milliseconds. */
const SHORTEST_SAMPLE_MS = 60;
const FEWEST_SAMPLES = 5;

export interface LengthTimes {
  tokens: number;
  /** Milliseconds of one run; each is the mean of as many runs as fill a sample. */
  samples: number[];
}

/** What the Worker of the bench reports of a load. */
export interface LoadTimes {
  loadMs: number;
  /** The longest time for which one piece of the file blocked the thread. */
  longestWriteMs: number;
  /** Of 8 tokens, before V8 has optimized the kernels. */
  firstRunMs: number;
  memoryBytes: number;
  variant: DotVariant;
}

/** Runs short texts until V8 has replaced the kernels by optimized code. */
export function warmUp(encoder: Encoder): void {
  for (let round = 0; round < 12; round++) runToEnd(encoder.run([textOf(encoder, 32, round)]));
}

/** @param seconds of measuring, at least five samples */
export function measureLength(encoder: Encoder, tokens: number, seconds: number): LengthTimes {
  const text = textOf(encoder, tokens, tokens);
  const time = (runs: number) => {
    const start = performance.now();
    for (let run = 0; run < runs; run++) runToEnd(encoder.run([text]));
    return (performance.now() - start) / runs;
  };
  const perSample = Math.max(1, Math.ceil(SHORTEST_SAMPLE_MS / Math.max(time(3), 1)));
  const end = performance.now() + seconds * 1000;
  const samples: number[] = [];
  while (samples.length < FEWEST_SAMPLES || performance.now() < end) samples.push(time(perSample));
  return { tokens, samples };
}

function textOf({ architecture }: Encoder, tokens: number, seed: number) {
  return { ids: randomIds(architecture, tokens, seed) };
}
