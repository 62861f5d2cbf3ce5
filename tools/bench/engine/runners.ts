/** What runs token ids and returns logits and a time; and the measurement of several in alternation. */
import { runPlain } from "../plain/client.ts";
import type { RunningWorker } from "../system/running-worker.ts";

export const LENGTHS = [8, 32, 64, 128, 256, 512] as const;

/** Runs the same input `runs` times. `runMs` is the mean of one run. */
export type TimedRunner<Input> = (input: Input, runs: number) => Promise<{ runMs: number }>;

/** Runs a text's token ids. */
export type Runner = (tokenIds: readonly number[], runs: number) => Promise<{ logits: number[]; runMs: number }>;

/** A sample is as many runs as take this long: workerd's clock counts whole milliseconds. */
const SAMPLE_MS = 100;
const MAX_RUNS = 64;
/** V8 replaces a wasm function by optimized code after these rounds. */
const WARM_UP_ROUNDS = 12;
const WARM_UP_INDEX = 1;

/** A runner in workerd, by HTTP. */
export function workerRunner(worker: RunningWorker): Runner {
  return (tokenIds, runs) => runPlain(worker, tokenIds, runs);
}

export interface InputTimes<Name extends string, Input> {
  input: Input;
  /** Milliseconds of a run, one per round. */
  samples: Record<Name, number[]>;
}

/** @returns the samples of every runner for every input; within a round, runners alternate and the order turns around */
export async function measureRunners<Name extends string, Input>(
  runners: Record<Name, TimedRunner<Input>>,
  inputs: readonly Input[],
  rounds: number,
): Promise<InputTimes<Name, Input>[]> {
  const names = Object.keys(runners) as Name[];
  const warmUp = inputs[WARM_UP_INDEX] ?? inputs[0];
  if (warmUp !== undefined) for (const name of names) await runners[name](warmUp, WARM_UP_ROUNDS);
  const all: InputTimes<Name, Input>[] = [];
  for (const input of inputs) {
    const perSample = await Promise.all(names.map(async (name) => [name, await runsOfSample(runners[name], input)]));
    const runs: Record<string, number> = Object.fromEntries(perSample);
    const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
    for (let round = 0; round < rounds; round++) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        samples[name].push((await runners[name](input, runs[name] ?? 1)).runMs);
      }
    }
    all.push({ input, samples });
  }
  return all;
}

async function runsOfSample<Input>(run: TimedRunner<Input>, input: Input): Promise<number> {
  const { runMs } = await run(input, 3);
  return Math.min(MAX_RUNS, Math.max(1, Math.ceil(SAMPLE_MS / Math.max(runMs, 1))));
}
