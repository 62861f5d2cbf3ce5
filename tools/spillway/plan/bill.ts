/** What a month costs, with every sum: the report's own sums for Lambda on x86 and Spillway, and the same for Lambda's other prices. Pure. */
import { costOf, type MonthLine } from "../../../control-plane/report/cost.ts";
import { Cell } from "../../../formats/ledger/cells.ts";
import { ALLOTMENTS, USD_PER, WORKERS_PLAN } from "../../../formats/ledger/prices.ts";
import { seriesOf, type Usage } from "../../../formats/ledger/series.ts";

export interface Bill {
  /** Each quantity times its price, beyond what is included. */
  lines: MonthLine[];
  planUsd: number;
  /** Without plan and allotments. */
  listUsd: number;
  billUsd: number;
}

/** Quantities of a month, in the ledger's units. */
export type Usages = Partial<Record<Usage, number>>;

const MONTH_DAYS = 365.25 / 12;
const MIB_MS_PER_GB_S = 1024 * 1000;

/** @param hasWorker whether the Workers plan is paid */
export function billOf(usages: Usages, hasWorker: boolean): Bill {
  const cells = Object.entries(usages).flatMap(([usage, quantity]) => {
    if (quantity === undefined || quantity === 0) return [];
    const cell = new Cell();
    cell.sum = quantity;
    // An origin's usage without an arm is of shadow texts.
    return [{ series: seriesOf("usage", { because: usage, arm: "outside-a" }), cell }];
  });
  const { month } = costOf(cells, MONTH_DAYS, 1);
  if (month === null) throw new RangeError("a month has days");
  const planUsd = hasWorker ? WORKERS_PLAN.usdPerMonth : 0;
  return { lines: month.lines, planUsd, listUsd: month.listUsd, billUsd: month.billUsd - month.planUsd + planUsd };
}

export interface LambdaMonth {
  requests: number;
  gbSeconds: number;
}

/** On arm64: the free tier is the same. */
export function arm64Bill({ requests, gbSeconds }: LambdaMonth): Bill {
  return ownBill([
    lineOf(
      "Lambda memory, arm64",
      "GB-s",
      gbSeconds,
      USD_PER.lambdaGbSecondArm64,
      included("origin-mib-ms") / MIB_MS_PER_GB_S,
    ),
    lineOf("Lambda requests", "requests", requests, USD_PER.lambdaRequest, included("origin-requests")),
  ]);
}

export interface ProvisionedMonth extends LambdaMonth {
  /** Instances times memory times the seconds of the month. */
  keptGbSeconds: number;
  /** Of calls that found no kept instance. */
  onDemandGbSeconds: number;
}

/** On x86. The free tier does not apply to what is kept, nor to its calls. https://aws.amazon.com/lambda/pricing/ */
export function provisionedBill({ requests, gbSeconds, keptGbSeconds, onDemandGbSeconds }: ProvisionedMonth): Bill {
  return ownBill([
    lineOf("Lambda, kept ready", "GB-s", keptGbSeconds, USD_PER.lambdaProvisionedGbSecond, 0),
    lineOf("Lambda memory, kept instances", "GB-s", gbSeconds, USD_PER.lambdaProvisionedRunGbSecond, 0),
    lineOf(
      "Lambda memory, on demand",
      "GB-s",
      onDemandGbSeconds,
      USD_PER.lambdaGbSecond,
      included("origin-mib-ms") / MIB_MS_PER_GB_S,
    ),
    lineOf("Lambda requests", "requests", requests, USD_PER.lambdaRequest, included("origin-requests")),
  ]);
}

function ownBill(lines: readonly MonthLine[]): Bill {
  const used = lines.filter(({ quantity }) => quantity > 0);
  const listUsd = used.reduce((sum, { quantity, usdPerUnit }) => sum + quantity * usdPerUnit, 0);
  return { lines: used, planUsd: 0, listUsd, billUsd: used.reduce((sum, { usd }) => sum + usd, 0) };
}

function lineOf(name: string, unit: string, quantity: number, usdPerUnit: number, free: number): MonthLine {
  return { name, unit, quantity, included: free, usdPerUnit, usd: Math.max(0, quantity - free) * usdPerUnit };
}

function included(usage: Usage): number {
  return ALLOTMENTS.find(({ usages }) => usages.includes(usage))?.quantity ?? 0;
}

/** MiB·ms of so many ms at a memory, as GB-s. */
export function gbSecondsOf(memoryMiB: number, ms: number): number {
  return (memoryMiB * ms) / MIB_MS_PER_GB_S;
}
