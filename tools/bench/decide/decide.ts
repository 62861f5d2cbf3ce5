/** Bench `decide`: nanoseconds per decision, per parse of a policy and per share of a sticky key. */
import { step } from "../../spillway/terminal/progress.ts";
import { percentile, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues } from "../bench.ts";
import { type Case, decideCases } from "./cases.ts";

const ROUNDS = { min: 1, max: 1000, fallback: 15 };
const ROUND_MS = { min: 1, max: 10_000, fallback: 50 };
const NS_PER_MS = 1e6;

const NOTES = [
  "Each number is the median of the rounds' means. A round has as many operations as fit it, after a warm-up of about the same length. Results are summed and the sum is used.",
  "Measured in Node, whose V8 is close to workerd's; workerd's clock does not advance within a request.",
  "A decision includes the residency lists, the choice among origins and the caller's share. Counting tokens is not part of it.",
];

export const decideBench: Bench = {
  name: "decide",
  summary: "nanoseconds per decision, per parse of a policy and per share of a sticky key",
  options: {
    rounds: numberOption("rounds per operation", ROUNDS),
    "round-ms": numberOption("length of a round in ms", ROUND_MS),
  },
  quick: { rounds: "5", "round-ms": "20" },
  async run(values: OptionValues) {
    const rounds = wholeNumber(values, "rounds", ROUNDS);
    const roundMs = wholeNumber(values, "round-ms", ROUND_MS);
    const timings: Timing[] = [];
    for (const one of decideCases()) {
      timings.push(await step(one.name, async () => timeCase(one, { rounds, roundMs })));
    }
    return { result: { rounds, roundMs, timings }, tables: [tableOf(timings)], notes: NOTES };
  },
};

function tableOf(timings: readonly Timing[]): Table {
  return {
    title: "Nanoseconds per operation",
    header: ["operation", "p50", "min", "max", "ops/s", "input"],
    rows: timings.map(({ name, about, nsPerOp, opsPerSecond }) => [
      name,
      nsPerOp.p50,
      nsPerOp.min,
      nsPerOp.max,
      opsPerSecond,
      about,
    ]),
  };
}

interface Timing {
  name: string;
  about: string;
  /** Of the rounds' means. */
  nsPerOp: { p50: number; min: number; max: number };
  opsPerSecond: number;
  opsPerRound: number;
}

/**
 * Times rounds of many operations after a warm-up. `roundMs` is the length of a round.
 * @throws Error if an operation gives no number
 */
export function timeCase({ name, about, once }: Case, options: { rounds: number; roundMs: number }): Timing {
  const opsPerRound = warmUp(once, options.roundMs);
  const roundNsPerOp = () => (timeRoundMs(once, opsPerRound) * NS_PER_MS) / opsPerRound;
  const perOp = Array.from({ length: options.rounds }, roundNsPerOp);
  const p50 = percentile(perOp, 50);
  const nsPerOp = { p50: tenths(p50), min: tenths(percentile(perOp, 0)), max: tenths(percentile(perOp, 100)) };
  return { name, about, nsPerOp, opsPerSecond: Math.round(1e9 / p50), opsPerRound };
}

/** Runs until V8 has had time to optimize the operation. @returns how many operations fit a round */
function warmUp(once: Case["once"], roundMs: number): number {
  let ops = 1;
  for (;;) {
    const tookMs = timeRoundMs(once, ops);
    if (tookMs >= roundMs) return Math.max(1, Math.round((ops * roundMs) / tookMs));
    ops *= 2;
  }
}

function timeRoundMs(once: Case["once"], ops: number): number {
  let sum = 0;
  const startedAtMs = performance.now();
  for (let index = 0; index < ops; index++) sum += once(index);
  const tookMs = performance.now() - startedAtMs;
  // The sum is used, so that V8 cannot leave out the work.
  if (!Number.isFinite(sum)) throw new Error("an operation gave no number");
  return tookMs;
}
