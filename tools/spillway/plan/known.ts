/** What the inputs, the package and the options know in place of assumptions. Pure. */
import { type AssumptionName, assumptionsOf, type Known as KnownValue } from "./assumptions.ts";
import { type EdgeModel, RECORDED } from "./edge-model.ts";
import type { Inputs } from "./input/read-inputs.ts";
import { type Known, MS_PER_MONTH } from "./simulate/workload.ts";

const MS_PER_DAY = 86_400_000;
/** As assumed for little traffic. */
const FEWEST_ISOLATES = 2;
/** Of the time of an isolate. */
const BUSY_PART = 0.5;
/** Of the assumed lengths: lognormal with sigma 0.6. */
const MEAN_OVER_MEDIAN = Math.exp(0.6 ** 2 / 2);
/** How far a month may be from what a shorter time shows. */
const RATE_FACTORS = [
  { days: 7, factor: 1.1 },
  { days: 1, factor: 1.5 },
  { days: 0, factor: 3 },
] as const;
/** MB/s from R2: expected, and the ends of the range. */
const R2_BYTES_PER_MS = { expected: 50_000, low: 10_000, high: 200_000 } as const;
/** CPU time of a load over the recorded one. */
const LOAD_FACTORS = { low: 0.5, high: 3 } as const;

export function knownValues(
  inputs: Inputs,
  known: Known,
  edge: EdgeModel,
  requestsPerMonth: number | null,
): Map<AssumptionName, KnownValue> {
  const values = new Map<AssumptionName, KnownValue>(loadsOf(edge));
  const { calls } = inputs;
  if (known.perMonth !== null) {
    values.set("requests-per-month", rateOf(known));
    values.set("peak-over-mean", { value: 1, source: "the input has times" });
  }
  if (requestsPerMonth !== null)
    values.set("requests-per-month", { value: requestsPerMonth, source: "--requests-per-month" });
  if (known.textTokens.length > 0)
    values.set("tokens-median", {
      value: middleOf(known.textTokens),
      source: "the texts, counted by the package's tokenizer",
    });
  // Texts have their own length.
  if (calls.n === 0) values.set("length-explains-time", { value: 1, source: "the input has texts" });
  if (known.runs.length > 0) {
    values.set("lambda-run-ms", { value: meanOf(known.runs), source: "the log" });
    values.set("lambda-noise", { value: 0, source: "the log" });
  }
  const [memory] = [...calls.memories].sort(([, a], [, b]) => b - a);
  if (memory !== undefined) values.set("lambda-memory-mib", { value: memory[0], source: "the log" });
  if (inputs.counts.length > 0 && inputs.counts.every(({ format }) => format === "alb-log"))
    values.set("lambda-init-ms", { value: 0, source: "times at the load balancer include the wait" });
  else if (known.inits.length > 0)
    values.set("lambda-init-ms", { value: meanOf(known.inits), source: `${known.inits.length} INITs of the log` });
  const isolates = isolatesFor(known, edge, values);
  if (isolates > FEWEST_ISOLATES)
    values.set("isolates-per-location", {
      value: isolates,
      low: Math.ceil(isolates / 2),
      high: isolates * 4,
      source: "so that those of the largest location are half busy on average; not documented by Cloudflare",
    });
  return values;
}

/** Cloudflare starts more isolates under load. @returns so many per location that the largest one's are busy for half of the time */
function isolatesFor({ textTokens }: Known, edge: EdgeModel, found: ReadonlyMap<AssumptionName, KnownValue>): number {
  const value = (name: AssumptionName) => assumptionsOf(found).find((one) => one.name === name)?.value ?? 1;
  const { base, perToken, perTokenSquared } = edge.timeMs;
  const tokens = textTokens.length > 0 ? meanOf(textTokens) : value("tokens-median") * MEAN_OVER_MEDIAN;
  const runMs = base + perToken * tokens + perTokenSquared * tokens * tokens;
  const busy = (value("requests-per-month") * runMs) / MS_PER_MONTH;
  const largest =
    1 /
    Array.from({ length: Math.round(value("locations")) }, (_, index) => 1 / (index + 1)).reduce((a, b) => a + b, 0);
  return Math.ceil((busy * largest) / BUSY_PART);
}

function rateOf({ perMonth, rows, order }: Known): KnownValue {
  const value = perMonth ?? 1;
  const at = (place: number) => rows.atMs[order.at(place) ?? 0] ?? 0;
  const days = (at(-1) - at(0)) / MS_PER_DAY;
  const factor = RATE_FACTORS.find((one) => days >= one.days)?.factor ?? 3;
  return {
    value,
    low: value / factor,
    high: value * factor,
    source: `the input's rate over ${days.toPrecision(2)} days`,
  };
}

function loadsOf({ weightBytes }: EdgeModel): [AssumptionName, KnownValue][] {
  const cpuMs = RECORDED.loadMs * (weightBytes / RECORDED.weightBytes);
  const [low, high] = [cpuMs * LOAD_FACTORS.low, cpuMs * LOAD_FACTORS.high];
  const { expected, low: slow, high: fast } = R2_BYTES_PER_MS;
  return [
    ["load-cpu-ms", { value: cpuMs, low, high, source: "npm run bench -- cold, by the size of the weights" }],
    [
      "load-ms",
      {
        value: cpuMs + weightBytes / expected,
        low: low + weightBytes / fast,
        high: high + weightBytes / slow,
        source: "CPU time, and the weights from R2 at 10 to 200 MB/s",
      },
    ],
  ];
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function middleOf(sorted: Float32Array): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
