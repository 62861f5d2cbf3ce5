/** Pure. Every way at one rate, each meeting the same spikes. */
import type { Answered, EdgeNumbers } from "./isolate.ts";
import { simulate } from "./simulate.ts";
import { type Summary, summarize } from "./summary.ts";
import { trafficOf } from "./traffic.ts";
import { policyOf, WAY_NAMES, type WayName } from "./ways.ts";

export const RATES_PER_SECOND = [1, 2, 5, 10, 15, 20, 25, 30, 40, 50] as const;

export interface Asked {
  edge: EdgeNumbers;
  /** The first spike's; the others' follow it. */
  seed: number;
  /** Of one spike; each starts with an isolate that is ready and idle. */
  seconds: number;
  /** At each rate. */
  spikes: number;
}

export async function measureRate(ratePerSecond: number, asked: Asked): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  for (const way of WAY_NAMES)
    summaries.push(summarize(way, ratePerSecond, await allSpikes(way, ratePerSecond, asked)));
  return summaries;
}

async function allSpikes(
  way: WayName,
  ratePerSecond: number,
  { edge, seed, seconds, spikes }: Asked,
): Promise<readonly Answered[]> {
  const policy = policyOf(way);
  const answered: Answered[] = [];
  for (let spike = 0; spike < spikes; spike++) {
    const texts = trafficOf({ seed: seed + spike, ratePerSecond, seconds });
    answered.push(...(await simulate({ texts, policy, edge })));
  }
  return answered;
}
