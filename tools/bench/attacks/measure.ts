/** What one attack costs the isolate, and what other callers notice of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { mib, percentile, tenths } from "../../statistics.ts";
import { heapUsageBytes, type Inspector } from "../memory/inspector.ts";
import { sampleWhile } from "../memory/sampler.ts";
import type { Target } from "./attack.ts";

/** Runs of an attack while the heap is measured. */
export const HEAP_RUNS = { min: 1, max: 100, fallback: 7 };
const SAMPLE_EVERY_MS = 2;
/** How long another caller's requests are sent before the attack, and how long it is repeated. */
const LENGTHS_MS = { quick: { alone: 200, attack: 300 }, full: { alone: 400, attack: 900 } } as const;
export type Pace = keyof typeof LENGTHS_MS;
const ASK_EVERY_MS = 4;

/** Another caller's requests. */
export interface Other {
  /** True if it was answered. */
  ask(): Promise<boolean>;
  everyMs: number;
  /** None is sent while so many are unanswered. */
  maxInFlight: number;
}

export interface Costs {
  heapGrowthMiB: number;
  /** The largest run. */
  heapGrowthMaxMiB: number;
  threadHoldMs: number;
  othersP95Ms: number;
  othersAloneP95Ms: number;
  othersRefused: number;
}

/**
 * The largest heap while the attack runs once, less the heap before it. What the attack leaves to be collected counts too. Median and maximum
 * of several runs. Garbage is collected before each run, so that none begins in the middle of a collection's work; one that happens during a
 * run makes its growth too small, and what V8 compiles meanwhile makes it too large.
 */
export async function heapGrowth(
  inspector: Pick<Inspector, "heapUsage" | "collectedHeapUsage">,
  once: () => Promise<unknown>,
  runs: number,
): Promise<Pick<Costs, "heapGrowthMiB" | "heapGrowthMaxMiB">> {
  if (runs > 1) await once();
  const grown: number[] = [];
  for (let run = 0; run < runs; run++) {
    const before = heapUsageBytes(await inspector.collectedHeapUsage());
    const { peak } = await sampleWhile(inspector, SAMPLE_EVERY_MS, once);
    grown.push(heapUsageBytes(peak) - before);
  }
  const atLeastZero = (bytes: number) => mib(Math.max(0, bytes));
  return { heapGrowthMiB: atLeastZero(percentile(grown, 50)), heapGrowthMaxMiB: atLeastZero(Math.max(...grown)) };
}

/** Other callers' requests before the attack, and while it is repeated. */
export async function othersDuring(
  inspector: Inspector,
  other: Other,
  attack: () => Promise<unknown>,
  pace: Pace,
): Promise<Omit<Costs, "heapGrowthMiB" | "heapGrowthMaxMiB">> {
  const alone = await send(inspector, other, sleep(LENGTHS_MS[pace].alone));
  const during = await send(inspector, other, repeated(attack, LENGTHS_MS[pace].attack));
  const idleMs = percentile(alone.threadMs, 50);
  return {
    threadHoldMs: tenths(Math.max(0, Math.max(...during.threadMs) - idleMs)),
    othersP95Ms: tenths(percentile(during.otherMs, 95)),
    othersAloneP95Ms: tenths(percentile(alone.otherMs, 95)),
    othersRefused: during.refused,
  };
}

async function repeated(attack: () => Promise<unknown>, forMs: number): Promise<void> {
  const untilMs = performance.now() + forMs;
  do await attack();
  while (performance.now() < untilMs);
}

interface Sent {
  otherMs: number[];
  threadMs: number[];
  refused: number;
}

/** Each is sent at its time, whether or not the one before it is answered, until `until` settles. */
async function send(inspector: Inspector, other: Other, until: Promise<unknown>): Promise<Sent> {
  const sent: Sent = { otherMs: [], threadMs: [], refused: 0 };
  const state = { isOver: false };
  const end = () => {
    state.isOver = true;
  };
  until.then(end, end);
  const timed = async (into: number[], request: () => Promise<unknown>) => {
    const sentAtMs = performance.now();
    await request();
    into.push(performance.now() - sentAtMs);
  };
  const others = async () => {
    const answers: Promise<void>[] = [];
    let inFlight = 0;
    const ask = async () => {
      inFlight += 1;
      if (!(await other.ask())) sent.refused += 1;
      inFlight -= 1;
    };
    do {
      const answer = inFlight < other.maxInFlight ? timed(sent.otherMs, ask) : Promise.resolve();
      // It is awaited at the end.
      answer.catch(() => {});
      answers.push(answer);
      await sleep(other.everyMs);
    } while (!state.isOver);
    await Promise.all(answers);
  };
  // The inspector answers when the thread is free.
  const thread = async () => {
    do {
      await timed(sent.threadMs, () => inspector.heapUsage());
      await sleep(ASK_EVERY_MS);
    } while (!state.isOver);
  };
  await Promise.all([others(), thread()]);
  await until;
  return sent;
}

const breakerSchema = z.object({ state: z.string() });
const readySchema = z.object({
  edge: z.object({ breaker: breakerSchema }),
  origins: z.record(z.string(), z.object({ breaker: breakerSchema })),
});

/** The names of the sides whose breaker is not closed. */
export async function openBreakers({ url, operatorToken }: Target): Promise<string[]> {
  const response = await fetch(`${url}/readyz`, { headers: { authorization: `Bearer ${operatorToken}` } });
  const { edge, origins } = readySchema.parse(await response.json());
  const sides = Object.entries({ edge, ...origins });
  return sides.filter(([, { breaker }]) => breaker.state !== "closed").map(([name]) => name);
}
