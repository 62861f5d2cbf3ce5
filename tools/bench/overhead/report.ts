/** The result, tables and notes of the bench `overhead`. Pure. */

import { hundredths, percentile } from "../../statistics.ts";
import type { Report } from "../bench.ts";
import { type Differences, type Median, medianOf } from "./ledger-pairs.ts";
import { PORTKEY_VERSION } from "./portkey.ts";

export type SideName =
  | "bare Worker"
  | "gateway"
  | "gateway, 10 % of traces"
  | "gateway, no ledger"
  | "direct"
  | "Portkey";

/** What was measured of one side. */
export interface Measured {
  name: SideName;
  /** Of requests one at a time. */
  timesMs: readonly number[];
  /** Of each round: requests per second over all connections, and the CPU time that one of them took. Empty where it is not measured. */
  perSecond: readonly number[];
  /** Of each round, while the upstream takes `originMs`. */
  slowPerSecond: readonly number[];
  cpuMs: readonly number[];
}

/** Who counts the gateway's rate limits: the bench's in-memory limiter, or Miniflare's simulation of Cloudflare's. */
export const LIMITERS = ["memory", "simulated"] as const;
export type LimiterName = (typeof LIMITERS)[number];

export interface OverheadContext {
  model: string;
  connections: number;
  /** What the upstream takes for an answer where it does not answer at once. */
  originMs: number;
  limiter: LimiterName;
  /** Whether the gateway counts in the ledger of a control plane. */
  withLedger: boolean;
  /** With the ledger, less without it; null if that was not measured. */
  ledger: Differences | null;
}

const VARIANTS: readonly SideName[] = ["gateway, 10 % of traces", "gateway, no ledger"];
const MAX_ADDED_P50_MS = 1.5;
const MIN_REQUESTS_OVER_BARE = 0.85;
const MAX_LEDGER_P50_MS = 0.1;

/** The bench's report; `portkeyAddedP50Ms` is null where Portkey was left out. */
export function overheadReport(
  sides: readonly Measured[],
  { model, connections, originMs, limiter, withLedger, ledger }: OverheadContext,
): Report {
  const rows = sides.map(({ name, timesMs, perSecond, slowPerSecond, cpuMs }) => ({
    side: name,
    p50Ms: hundredths(percentile(timesMs, 50)),
    p95Ms: hundredths(percentile(timesMs, 95)),
    requestsPerSecond: Math.round(percentile(perSecond, 50)),
    slowRequestsPerSecond: Math.round(percentile(slowPerSecond, 50)),
    cpuMs: cpuMs.length === 0 ? null : hundredths(percentile(cpuMs, 50)),
    samples: timesMs.length,
  }));
  const addedP50Ms = added(sides, "gateway", "bare Worker");
  const portkeyAddedP50Ms = added(sides, "Portkey", "direct");
  const requestsOverBare = ratio(sides, "gateway", "bare Worker");
  const ledgerP50 = medianOf(ledger?.p50Ms ?? []);
  const ledgerCpu = medianOf(ledger?.cpuMs ?? []);
  const broken = [
    ...(addedP50Ms !== null && addedP50Ms > MAX_ADDED_P50_MS
      ? [`the gateway adds ${addedP50Ms} ms (p50); the goal is ${MAX_ADDED_P50_MS}`]
      : []),
    ...(requestsOverBare !== null && requestsOverBare < MIN_REQUESTS_OVER_BARE
      ? [
          `it serves ${requestsOverBare} of the bare Worker's requests per second; the goal is ${MIN_REQUESTS_OVER_BARE}`,
        ]
      : []),
    ...(ledgerP50 !== null && ledgerP50.value > MAX_LEDGER_P50_MS
      ? [`the ledger adds ${shownMedian(ledgerP50)} (p50); the goal is ${MAX_LEDGER_P50_MS}`]
      : []),
  ];
  return {
    result: {
      model,
      connections,
      limiter,
      withLedger,
      addedP50Ms,
      requestsOverBare,
      portkeyAddedP50Ms,
      slowOrigin: { originMs, requestsOverBare: ratio(sides, "gateway", "bare Worker", "slowPerSecond") },
      addedCpuMs: addedCpu(sides, "gateway", "bare Worker"),
      sampled10Percent: {
        addedP50Ms: added(sides, "gateway, 10 % of traces", "bare Worker"),
        requestsOverBare: ratio(sides, "gateway, 10 % of traces", "bare Worker"),
      },
      ledgerAddedP50Ms: ledgerP50 && hundredths(ledgerP50.value),
      ledgerAddedP50Interval: ledgerP50 && intervalOf(ledgerP50),
      ledgerAddedCpuMs: ledgerCpu && hundredths(ledgerCpu.value),
      ledgerAddedCpuInterval: ledgerCpu && intervalOf(ledgerCpu),
      rows,
    },
    tables: [
      {
        title: `Time of a request in ms, one at a time; requests per second and CPU time of one in ms, over ${connections} connections`,
        header: ["side", "p50", "p95", "requests/s", `of ${originMs} ms`, "CPU", "samples"],
        rows: rows.map(({ side, p50Ms, p95Ms, requestsPerSecond, slowRequestsPerSecond, cpuMs, samples }) => [
          ...[side, p50Ms, p95Ms, requestsPerSecond, slowRequestsPerSecond],
          ...[cpuMs ?? "", samples],
        ]),
      },
      {
        title: "Overhead",
        header: ["", "added p50 in ms", "requests/s, as a part of", `of ${originMs} ms`],
        rows: [
          overheadRow(sides, "gateway", "bare Worker"),
          ...VARIANTS.filter((name) => find(sides, name) !== null).map((name) =>
            overheadRow(sides, name, "bare Worker"),
          ),
          overheadRow(sides, "Portkey", "direct"),
        ],
      },
      ...(ledgerP50 === null
        ? []
        : [
            {
              title: "With the ledger, less without it, one request at a time",
              header: ["", "median and its 95 % interval"],
              rows: [["p50", shownMedian(ledgerP50)], ...(ledgerCpu === null ? [] : [["CPU", shownMedian(ledgerCpu)]])],
            },
          ]),
    ],
    notes: [
      "The sides take turns in one run: a block of requests one at a time, then a block over all connections. Ratios are medians of the rounds' ratios.",
      "Gateway and bare Worker run in workerd. Their clients reach them directly: no Worker of Miniflare's stands before them, as on Cloudflare.",
      `The gateway's origin route has API keys, rate limits, the policy, tokenizing, the breaker, SigV4, traces (each request's), logs and metrics on. ${withLedger ? "It counts for a ledger in a control plane." : "Its ledger received nothing."}`,
      limiter === "memory"
        ? "Rate limits are counted in memory, as Cloudflare counts them on the machine of the request. Miniflare simulates them with a call of a Durable Object per request; --limiter simulated measures that."
        : "Rate limits are counted by Miniflare's simulation, a call of a Durable Object per request. Cloudflare counts them in memory on the machine of the request.",
      `Portkey ${PORTKEY_VERSION} runs in Node without a proxy before it, so its base is a direct call. It forwards a chat completion of about the same size.`,
      `The upstream answers at once, so over all connections the ratio is that of the CPU times; "of ${originMs} ms": after ${originMs} ms, as an origin that runs a model (--origin-ms). It, the client and the OTLP receiver run in the bench's process, on the same machine as all sides.`,
      "The receiver reads and discards the bytes: it parses nothing. What it takes of the machine counts as the gateway's.",
      "CPU time is that of workerd and of the process that started it, by the scheduler; added CPU is the median of the rounds' differences. Only Linux reports it.",
      "sampled10Percent and ledgerAdded… are of gateways that --variants adds; null without it. The gateway with a ledger and the one without are in one isolate, and take blocks in the order ABBA; the interval is a bootstrap of the median of the groups' differences. The message of each 5 s is in few blocks, so the median does not have it.",
    ],
    problem: broken.length === 0 ? null : `Goals missed: ${broken.join("; ")}.`,
  };
}

function added(sides: readonly Measured[], name: SideName, base: SideName): number | null {
  const [one, other] = [find(sides, name), find(sides, base)];
  if (one === null || other === null) return null;
  return hundredths(percentile(one.timesMs, 50) - percentile(other.timesMs, 50));
}

/** The median of the rounds' differences; null where CPU time was not measured. */
function addedCpu(sides: readonly Measured[], name: SideName, base: SideName): number | null {
  const [one, other] = [find(sides, name), find(sides, base)];
  if (one === null || other === null || one.cpuMs.length === 0 || other.cpuMs.length === 0) return null;
  return hundredths(
    percentile(
      one.cpuMs.map((cpuMs, round) => cpuMs - (other.cpuMs[round] ?? Number.NaN)),
      50,
    ),
  );
}

function intervalOf({ low, high }: Median): [number, number] {
  return [hundredths(low), hundredths(high)];
}

function shownMedian(median: Median): string {
  const [low, high] = intervalOf(median);
  return `${hundredths(median.value)} ms (${low} to ${high})`;
}

/** The median of the rounds' ratios: both sides of a round met the same noise. */
function ratio(
  sides: readonly Measured[],
  name: SideName,
  base: SideName,
  figure: "perSecond" | "slowPerSecond" = "perSecond",
): number | null {
  const [one, other] = [find(sides, name), find(sides, base)];
  if (one === null || other === null) return null;
  const ratios = one[figure].map((perSecond, round) => perSecond / (other[figure][round] ?? Number.NaN));
  return hundredths(percentile(ratios, 50));
}

function overheadRow(sides: readonly Measured[], name: SideName, base: SideName): (string | number)[] {
  const title = `${name} over ${base === "direct" ? "a direct call" : `the ${base}`}`;
  const ratios = (["perSecond", "slowPerSecond"] as const).map((figure) => ratio(sides, name, base, figure) ?? "");
  return [title, added(sides, name, base) ?? "", ...ratios];
}

function find(sides: readonly Measured[], name: SideName): Measured | null {
  return sides.find((side) => side.name === name) ?? null;
}
