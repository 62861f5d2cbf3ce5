/** Bench `decide`: what a decision, a parse of the policy and a bucket cost, in nanoseconds. */
import { step } from "../../spillway/terminal/progress.ts";
import { wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues } from "../bench.ts";
import type { Table } from "../table.ts";
import { decideCases, type Timing, timeIt } from "./cases.ts";

const ROUNDS = { min: 1, max: 1000, fallback: 15 };
const ROUND_MS = { min: 1, max: 10_000, fallback: 50 };

const NOTES = [
  "Each number is the median of the rounds' means; a round is as many operations as fit it, after a warm-up of about the same length. Results are summed and the sum is used.",
  "In Node, whose V8 is close to workerd's, not in workerd, whose clock does not move within a request.",
  "A decision includes the residency lists, the choice among origins and the caller's bucket; counting tokens is not part of it.",
];

export const decideBench: Bench = {
  name: "decide",
  summary: "nanoseconds per decision, per parse of a policy and per bucket",
  options: { rounds: { type: "string" }, "round-ms": { type: "string" } },
  async run(values: OptionValues) {
    const rounds = wholeNumber(values, "rounds", ROUNDS);
    const roundMs = wholeNumber(values, "round-ms", ROUND_MS);
    const timings: Timing[] = [];
    for (const one of decideCases()) {
      timings.push(await step(one.name, async () => timeIt(one, { rounds, roundMs })));
    }
    return { result: { rounds, roundMs, timings }, tables: [tableOf(timings)], notes: NOTES };
  },
};

function tableOf(timings: readonly Timing[]): Table {
  return {
    title: "Nanoseconds per operation",
    header: ["what", "p50", "min", "max", "ops/s", "about"],
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
