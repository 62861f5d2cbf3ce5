/** Lambda as it is and its alternatives, and Spillway at some shares: times, quantities of a month, cold starts. Seeded; no clock. */
import type { Histogram } from "../../../formats/ledger/histogram.ts";
import type { Arm } from "../../../formats/ledger/series.ts";
import { FRESH_MS } from "../../../policies/store.ts";
import { billOf as ledgerBillOf } from "../../simulation/ledger-bill.ts";
import type { Values } from "./assumptions.ts";
import { arm64Bill, type Bill, billOf, gbSecondsOf, provisionedBill, type Usages } from "./bill.ts";
import type { EdgeModel } from "./edge-model.ts";
import { type Isolates, replayIsolates } from "./simulate/isolates.ts";
import { type LambdaFigures, replayLambda, replayProvisioned } from "./simulate/lambda.ts";
import { type ShareFigures, simulateShare } from "./simulate/share.ts";
import { type Known, type Workload, workloadOf } from "./simulate/workload.ts";

export interface Option {
  /** `lambda-x86`, `lambda-arm64`, `lambda-provisioned`, `spillway-10` … */
  id: string;
  name: string;
  sharePercent: number | null;
  times: Histogram;
  /** Null for Lambda. */
  arms: Record<Arm, Histogram> | null;
  bill: Bill;
  /** The part of the bill, without allotments, that is uncertain because the calls are a sample: one standard error. */
  sampleErrorUsd: number;
  /** Per month, texts and loads included; 0 for Lambda. */
  cpuMs: number;
  /** Billed memory of Lambda, per month. */
  gbSeconds: number;
  /** Of all texts: that wait for a new Lambda instance, and that meet an isolate without a model. */
  waitedPart: number;
  coldPart: number;
  loads: number;
  reasons: Record<string, number>;
}

export interface Evaluation {
  options: Option[];
  workload: Workload;
  isolates: number;
  /** Instances that `lambda-provisioned` keeps. */
  kept: number;
}

/** What a ledger measured, in place of formulas; per request or per load. */
export interface MeasuredRates {
  kvReads: number;
  ledgerRequests: number;
  ledgerRows: number;
}

export interface Evaluated {
  known: Known;
  /** Mean billed MiB·ms of a call of the log; null where the log has none. */
  billedMibMs: { mean: number; error: number } | null;
  edge: EdgeModel;
  rates: MeasuredRates | null;
  shares: readonly number[];
  seed: number;
  /** Of the key of each call. */
  points: Uint16Array;
  /** Bounds of the simulation. */
  mostCalls: number;
  mostTexts: number;
}

export async function evaluate(input: Evaluated, values: Values): Promise<Evaluation> {
  const { known, seed, mostCalls, mostTexts, points, edge, shares } = input;
  const workload = workloadOf(known, values, { seed, most: mostCalls });
  const isolates = replayIsolates(workload.atMs, values, seed + 1);
  const lambda = replayLambda(workload, values);
  const kept = Math.max(1, lambda.busyP99);
  const options = [
    asItIs(lambda, input, values, workload.n),
    arm64(input, values, workload),
    provisioned(kept, values, workload),
  ];
  for (const sharePercent of shares) {
    const figures = await simulateShare({ workload, isolates, edge, values, sharePercent, seed, points, mostTexts });
    options.push(
      spillwayAt(sharePercent, figures, {
        input,
        values,
        isolates,
        n: workload.n,
        correction: correctionOf(input, values, lambda),
      }),
    );
  }
  return { options, workload, isolates: isolates.count, kept };
}

/** A log bills INITs that no call waited for; the replay has only those that one did. */
function correctionOf({ billedMibMs }: Evaluated, values: Values, lambda: LambdaFigures): number {
  return billedMibMs === null ? 1 : billedMibMs.mean / (lambda.meanBilledMs * values["lambda-memory-mib"]);
}

const NONE = { sharePercent: null, arms: null, cpuMs: 0, coldPart: 0, loads: 0, reasons: {} } as const;

function asItIs(lambda: LambdaFigures, { billedMibMs }: Evaluated, values: Values, n: number): Option {
  const requests = values["requests-per-month"];
  const memory = values["lambda-memory-mib"];
  const mibMs = billedMibMs ?? { mean: lambda.meanBilledMs * memory, error: lambda.billedErrorMs * memory };
  const bill = billOf({ "origin-mib-ms": requests * mibMs.mean, "origin-requests": requests }, false);
  return {
    ...NONE,
    id: "lambda-x86",
    name: "Lambda as it is",
    times: lambda.times,
    bill,
    sampleErrorUsd: usdOf({ "origin-mib-ms": requests * mibMs.error }),
    gbSeconds: gbSecondsOf(1, requests * mibMs.mean),
    waitedPart: lambda.waited / n,
  };
}

function arm64(input: Evaluated, values: Values, workload: Workload): Option {
  const requests = values["requests-per-month"];
  const factor = values["arm64-time"];
  const lambda = replayLambda(workload, values, factor);
  const x86 = replayLambda(workload, values);
  const gbSeconds =
    gbSecondsOf(values["lambda-memory-mib"], requests * lambda.meanBilledMs) * correctionOf(input, values, x86);
  return {
    ...NONE,
    id: "lambda-arm64",
    name: "Lambda on arm64",
    times: lambda.times,
    bill: arm64Bill({ requests, gbSeconds }),
    sampleErrorUsd:
      (arm64Bill({ requests: 0, gbSeconds: 1e6 }).listUsd *
        gbSecondsOf(values["lambda-memory-mib"], requests * lambda.billedErrorMs)) /
      1e6,
    gbSeconds,
    waitedPart: lambda.waited / workload.n,
  };
}

const SECONDS_PER_MONTH = (365.25 / 12) * 86_400;

function provisioned(kept: number, values: Values, workload: Workload): Option {
  const requests = values["requests-per-month"];
  const memory = values["lambda-memory-mib"];
  const lambda = replayProvisioned(workload, values, kept);
  const onDemandPart = lambda.spilled / workload.n;
  const allGbSeconds = gbSecondsOf(memory, requests * lambda.meanBilledMs);
  const keptGbSeconds = (kept * memory * SECONDS_PER_MONTH) / 1024;
  return {
    ...NONE,
    id: "lambda-provisioned",
    name: `Lambda, ${kept} kept ready`,
    times: lambda.times,
    bill: provisionedBill({
      requests,
      gbSeconds: allGbSeconds * (1 - onDemandPart),
      keptGbSeconds,
      onDemandGbSeconds: allGbSeconds * onDemandPart,
    }),
    sampleErrorUsd: 0,
    gbSeconds: allGbSeconds + keptGbSeconds,
    waitedPart: lambda.waited / workload.n,
  };
}

interface Around {
  input: Evaluated;
  values: Values;
  isolates: Isolates;
  n: number;
  correction: number;
}

function spillwayAt(
  sharePercent: number,
  figures: ShareFigures,
  { input, values, isolates, n, correction }: Around,
): Option {
  const requests = values["requests-per-month"];
  const memory = values["lambda-memory-mib"] * correction;
  const loads = (isolates.loads / n) * requests;
  const edgeCpuMs = requests * figures.edgeCpuMs;
  const loadCpuMs = loads * values["load-cpu-ms"];
  const gatewayCpuMs = requests * values["gateway-cpu-ms"];
  const usages: Usages = {
    "origin-mib-ms": requests * memory * figures.originBilledMs,
    "origin-requests": requests * figures.originPart,
    "edge-cpu-us": edgeCpuMs * 1000,
    "load-cpu-us": loadCpuMs * 1000,
    "worker-requests": requests,
    "gateway-cpu-us": gatewayCpuMs * 1000,
    "r2-reads": loads * input.edge.files,
    "r2-lists": loads,
    ...sharedUsages(input.rates, isolates.count, values),
  };
  const { errors } = figures;
  return {
    id: `spillway-${sharePercent}`,
    name: `Spillway at ${sharePercent} %`,
    sharePercent,
    times: figures.times,
    arms: figures.arms,
    bill: billOf(usages, true),
    sampleErrorUsd: Math.hypot(
      usdOf({ "edge-cpu-us": requests * errors.edgeCpuMs * 1000 }),
      usdOf({ "origin-mib-ms": requests * memory * errors.originBilledMs }),
    ),
    cpuMs: edgeCpuMs + loadCpuMs + gatewayCpuMs,
    gbSeconds: gbSecondsOf(memory, requests * figures.originBilledMs),
    waitedPart: figures.waitedPart,
    coldPart: figures.coldPart,
    loads,
    reasons: figures.reasons,
  };
}

/** Of the ledger, by docs/internals/ledger.md: a message writes 1 row, a batch 64, in about 60 series. */
const LEDGER_WRITES = { rowsPerMessage: 1, rowsPerBatch: 64, series: 60, msPerMessage: 4, msPerBatch: 19 };
/** The time for which an isolate keeps API keys: gateway/authenticate/key-store.ts. */
const KEY_FRESH_MS = 20_000;

/** What all requests share: reads of the policy and of a key, and the ledger. */
function sharedUsages(rates: MeasuredRates | null, isolates: number, values: Values): Usages {
  const requests = values["requests-per-month"];
  if (rates !== null) {
    return {
      "kv-reads": requests * rates.kvReads,
      "ledger-requests": requests * rates.ledgerRequests,
      "ledger-rows": requests * rates.ledgerRows,
    };
  }
  const perSecond = requests / SECONDS_PER_MONTH;
  const reads = (freshMs: number) => isolates / (freshMs / 1000 + isolates / perSecond);
  const shards = Math.min(9, Math.max(1, Math.round(values.locations)));
  const ledger = ledgerBillOf({ requestsPerMonth: requests, isolates, shards }, LEDGER_WRITES);
  return {
    "kv-reads": (reads(FRESH_MS) + reads(KEY_FRESH_MS)) * SECONDS_PER_MONTH,
    "ledger-requests": ledger.objectRequestsPerMonth,
    "ledger-rows": ledger.rowsPerMonth,
  };
}

function usdOf(usages: Usages): number {
  return billOf(usages, false).listUsd;
}
