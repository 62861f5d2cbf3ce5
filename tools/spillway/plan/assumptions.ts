/** What the plan assumes: each number with its range and its source. A number of an input or of a ledger replaces it. Pure. */
import { DEFAULT_MEMORY_MIB, GATEWAY_CPU_MS } from "../../../gateway/dispatch/cost.ts";

export interface Assumption {
  name: AssumptionName;
  about: string;
  unit: string;
  value: number;
  /** The range in which the true value is expected. */
  low: number;
  high: number;
  source: string;
}

type Assumed = Omit<Assumption, "name">;

const ASSUMED = {
  "requests-per-month": {
    about: "requests a month, of one text each",
    unit: "",
    value: 2.5e6,
    low: 2.5e5,
    high: 2.5e7,
    source: "the published experience; pass --requests-per-month",
  },
  "peak-over-mean": {
    about: "the busiest hour of a day over the mean",
    unit: "times",
    value: 1.6,
    low: 1.1,
    high: 2,
    source: "a day's curve; a log with times replaces it",
  },
  "tokens-median": {
    about: "tokens of a text, median (lognormal, sigma 0.6)",
    unit: "tokens",
    value: 96,
    low: 48,
    high: 192,
    source: "95 % within 256 tokens, as published; a file of texts replaces it",
  },
  "length-explains-time": {
    about: "part of the calls whose time orders their length",
    unit: "",
    value: 0.8,
    low: 0.2,
    high: 1,
    source: "a log has no lengths: slow calls count as long texts",
  },
  "lambda-run-ms": {
    about: "mean time of a call on Lambda, without INIT",
    unit: "ms",
    value: 650,
    low: 325,
    high: 1136,
    source: "the published experience; a log replaces it",
  },
  "lambda-noise": {
    about: "spread of that time among texts of one length (sigma)",
    unit: "",
    value: 0.25,
    low: 0,
    high: 0.5,
    source: "chosen; a log replaces it",
  },
  "lambda-memory-mib": {
    about: "memory of the function",
    unit: "MiB",
    value: DEFAULT_MEMORY_MIB,
    low: 1769,
    high: 4096,
    source: "gateway/dispatch/cost.ts; a log replaces it",
  },
  "lambda-init-ms": {
    about: "time of a cold start on Lambda",
    unit: "ms",
    value: 2500,
    low: 1000,
    high: 4000,
    source: "up to 4 s as published; Init Duration of a log replaces it",
  },
  "lambda-idle-min": {
    about: "an idle instance of Lambda ends after",
    unit: "min",
    value: 10,
    low: 5,
    high: 15,
    source: "observed by many, not promised by AWS",
  },
  "arm64-time": {
    about: "time on arm64 over the time on x86",
    unit: "times",
    value: 1,
    low: 0.8,
    high: 1.4,
    source: "differs by model: measure yours",
  },
  "network-ms": {
    about: "from the Worker to the function and back",
    unit: "ms",
    value: 30,
    low: 5,
    high: 120,
    source: "a region near most callers, or one across an ocean",
  },
  "network-noise": {
    about: "spread of that time among calls (sigma)",
    unit: "",
    value: 0,
    low: 0,
    high: 0.5,
    source: "chosen; a report of the ledger replaces it",
  },
  "edge-time": {
    about: "time of a run at the edge over the measured one",
    unit: "times",
    value: 1,
    low: 0.5,
    high: 2,
    source: "Cloudflare's machines differ from the one that measured",
  },
  "load-cpu-ms": {
    about: "CPU time of loading the model",
    unit: "ms",
    value: 400,
    low: 200,
    high: 1200,
    source: "npm run bench -- cold, by the size of the weights",
  },
  "load-ms": {
    about: "time until a new isolate has loaded its model",
    unit: "ms",
    value: 2000,
    low: 600,
    high: 8000,
    source: "CPU time, and the weights from R2 at 10 to 200 MB/s",
  },
  locations: {
    about: "Cloudflare locations that callers reach",
    unit: "",
    value: 3,
    low: 1,
    high: 20,
    source: "callers of a region or two",
  },
  "isolates-per-location": {
    about: "isolates that serve in a location",
    unit: "",
    value: 2,
    low: 1,
    high: 8,
    source: "not documented by Cloudflare",
  },
  "edge-idle-min": {
    about: "an idle isolate is evicted after",
    unit: "min",
    value: 10,
    low: 1,
    high: 60,
    source: "not documented by Cloudflare: minutes to hours",
  },
  "edge-life-h": {
    about: "a busy isolate ends after",
    unit: "h",
    value: 6,
    low: 1,
    high: 24,
    source: "not documented by Cloudflare: several times a day",
  },
  "gateway-cpu-ms": {
    about: "CPU time of the gateway's own work for a request",
    unit: "ms",
    value: GATEWAY_CPU_MS,
    low: 0.5,
    high: 3,
    source: "gateway/dispatch/cost.ts, measured in workerd",
  },
} as const satisfies Record<string, Assumed>;

export type AssumptionName = keyof typeof ASSUMED;
/** The value of each assumption. */
export type Values = Readonly<Record<AssumptionName, number>>;

/** In the order in which they are shown. */
export const ASSUMPTION_NAMES: readonly AssumptionName[] = Object.keys(ASSUMED).filter(isAssumption);

/** Whether it is the name of an assumption. */
export function isAssumption(name: string): name is AssumptionName {
  return name in ASSUMED;
}

/** What is known instead of assumed; without a range, it is certain. */
export type Known = Pick<Assumption, "value" | "source"> & Partial<Pick<Assumption, "low" | "high">>;

/** Every assumption, with what is known in its place. */
export function assumptionsOf(known: ReadonlyMap<AssumptionName, Known>): Assumption[] {
  return ASSUMPTION_NAMES.map((name) => {
    const found = known.get(name);
    if (found === undefined) return { name, ...ASSUMED[name] };
    return { name, ...ASSUMED[name], low: found.value, high: found.value, ...found };
  });
}

/** Their values, with some of them replaced. */
export function valuesOf(assumptions: readonly Assumption[], replaced: Partial<Values> = {}): Values {
  const values = Object.fromEntries(ASSUMPTION_NAMES.map((name) => [name, 0]));
  for (const { name, value } of assumptions) values[name] = replaced[name] ?? value;
  return values as Record<AssumptionName, number>;
}
