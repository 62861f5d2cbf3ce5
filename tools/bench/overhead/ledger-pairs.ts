/**
 * What the ledger adds to a request: blocks of requests to a gateway that counts and to one that does not, in the order ABBA, so that a drift of
 * the machine affects both alike.
 */
import { seededRandom } from "../../seeded-random.ts";
import { percentile } from "../../statistics.ts";
import { Connections, type Target } from "./load.ts";

const BLOCK_REQUESTS = 25;

/** Compares a gateway that counts for a ledger with one of the same isolate that does not. Both have to be warm. */
export async function ledgerDifferences(counting: Target, other: Target, groups: number): Promise<Differences> {
  const [one, another] = [new Connections(counting, 1), new Connections(other, 1)];
  try {
    return await takePairs(blocksOf(one), blocksOf(another), groups);
  } finally {
    one.close();
    another.close();
  }
}

function blocksOf(connection: Connections): () => Promise<Block> {
  return async () => {
    const beforeMs = await connection.cpuMs();
    const p50Ms = percentile(await connection.inSequence(BLOCK_REQUESTS), 50);
    const afterMs = await connection.cpuMs();
    return { p50Ms, cpuMs: beforeMs === null || afterMs === null ? null : (afterMs - beforeMs) / BLOCK_REQUESTS };
  };
}

/** One block of requests, one at a time. */
export interface Block {
  p50Ms: number;
  /** Of one request; null where the system does not report it. */
  cpuMs: number | null;
}

/** Differences of two sides, one for each group of four blocks. */
export interface Differences {
  p50Ms: readonly number[];
  /** Empty where the system does not report it. */
  cpuMs: readonly number[];
}

/** Sends `groups` groups of blocks. @returns of each group: the mean of the two blocks of `a` less the mean of the two of `b` */
export async function takePairs(
  a: () => Promise<Block>,
  b: () => Promise<Block>,
  groups: number,
): Promise<Differences> {
  const p50Ms: number[] = [];
  const cpuMs: number[] = [];
  for (let group = 0; group < groups; group++) {
    const [first, second, third, fourth] = [await a(), await b(), await b(), await a()];
    p50Ms.push((first.p50Ms + fourth.p50Ms - second.p50Ms - third.p50Ms) / 2);
    const cpu = [first.cpuMs, fourth.cpuMs, second.cpuMs, third.cpuMs].filter((ms) => ms !== null);
    const [ownMs = 0, ownAgainMs = 0, otherMs = 0, otherAgainMs] = cpu;
    if (otherAgainMs !== undefined) cpuMs.push((ownMs + ownAgainMs - otherMs - otherAgainMs) / 2);
  }
  return { p50Ms, cpuMs };
}

const RESAMPLES = 2000;
const SEED = 1;

/** The median and its 95 % interval, by a bootstrap of the median: the same for the same values. */
export interface Median {
  value: number;
  low: number;
  high: number;
}

/** Null for no values. */
export function medianOf(values: readonly number[]): Median | null {
  if (values.length === 0) return null;
  const random = seededRandom(SEED);
  const drawn = () => values[Math.floor(random() * values.length)] ?? 0;
  const medians = Array.from({ length: RESAMPLES }, () => percentile(Array.from(values, drawn), 50));
  return { value: percentile(values, 50), low: percentile(medians, 2.5), high: percentile(medians, 97.5) };
}
