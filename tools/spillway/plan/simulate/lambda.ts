/** Lambda as it is: a replay of the arrivals on its instances. Pure. */
import { Histogram } from "../../../../formats/ledger/histogram.ts";
import type { Values } from "../assumptions.ts";
import { Instances, warmedInstances } from "./instances.ts";
import type { Workload } from "./workload.ts";

export interface LambdaFigures {
  /** From the call to the answer, the wait for a new instance included. */
  times: Histogram;
  /** Calls that wait for a new instance. */
  waited: number;
  /** Billed as of today, per call: the run and the INIT that it waited for, in whole ms. */
  meanBilledMs: number;
  /** Standard error of that mean. */
  billedErrorMs: number;
  /** The number of busy instances that 99 of 100 calls find at most, themselves included. */
  busyP99: number;
}

const MS_PER_MIN = 60_000;

/** @param timeFactor of each run: 1 for x86 */
export function replayLambda(workload: Workload, values: Values, timeFactor = 1): LambdaFigures {
  const { n, atMs, runMs, initMs } = workload;
  const instances = warmedInstances(values["lambda-idle-min"] * MS_PER_MIN, workload);
  const times = new Histogram();
  const busy: number[] = [];
  let [waited, sum, squares] = [0, 0, 0];
  for (let index = 0; index < n; index++) {
    const at = atMs[index] ?? 0;
    const run = (runMs[index] ?? 0) * timeFactor;
    const init = initMs[index] ?? 0;
    const isCold = instances.call(at, run, init);
    const took = run + (isCold ? init : 0);
    const billed = Math.ceil(took);
    if (isCold) waited += 1;
    times.observe(took);
    sum += billed;
    squares += billed * billed;
    const now = instances.busy(at);
    busy[now] = (busy[now] ?? 0) + 1;
  }
  const mean = sum / n;
  const variance = Math.max(0, squares / n - mean * mean);
  return {
    times,
    waited,
    meanBilledMs: mean,
    billedErrorMs: Math.sqrt(variance / n),
    busyP99: rankOf(busy, 0.99 * n),
  };
}

/** With so many instances kept ready: a call that finds none of them idle goes to the instances on demand. */
export function replayProvisioned(
  { n, atMs, runMs, initMs }: Workload,
  values: Values,
  ready: number,
): LambdaFigures & { spilled: number } {
  const kept = new Instances(Number.POSITIVE_INFINITY);
  const onDemand = new Instances(values["lambda-idle-min"] * MS_PER_MIN);
  const times = new Histogram();
  let [waited, spilled, sum] = [0, 0, 0];
  for (let index = 0; index < n; index++) {
    const at = atMs[index] ?? 0;
    const run = runMs[index] ?? 0;
    const init = initMs[index] ?? 0;
    const isKept = kept.busy(at) < ready;
    const isCold = isKept ? false : onDemand.call(at, run, init);
    if (isKept) kept.call(at, run, 0);
    else spilled += 1;
    if (isCold) waited += 1;
    times.observe(run + (isCold ? init : 0));
    sum += Math.ceil(run + (isCold ? init : 0));
  }
  return { times, waited, spilled, meanBilledMs: sum / n, billedErrorMs: 0, busyP99: ready };
}

function rankOf(counts: readonly number[], rank: number): number {
  let left = rank;
  for (const [value, count = 0] of counts.entries()) {
    left -= count;
    if (left <= 0) return value;
  }
  return Math.max(1, counts.length - 1);
}
