/**
 * List prices in US dollars, and what counted quantities cost by them. An estimate is only as good as its date.
 * - Workers (paid plan), KV, R2, Durable Objects: https://developers.cloudflare.com/workers/platform/pricing/ and the products' own pages
 * - Lambda in us-east-1, first tier; INIT is billed as duration: https://aws.amazon.com/lambda/pricing/
 */
import type { Usage } from "./series.ts";

/** The day on which the prices were read. */
export const PRICES_AS_OF = "2026-11-24";

const MILLION = 1e6;

/** Beyond the allotments that a plan includes. */
export const USD_PER = {
  workerRequest: 0.3 / MILLION,
  workerCpuMs: 0.02 / MILLION,
  kvRead: 0.5 / MILLION,
  /** Class B. */
  r2Read: 0.36 / MILLION,
  /** Class A: a list. */
  r2List: 4.5 / MILLION,
  objectRequest: 0.15 / MILLION,
  objectRowWritten: 1 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  lambdaGbSecond: 0.000_016_666_7,
  lambdaGbSecondArm64: 0.000_013_333_4,
  /** Of instances that are kept ready, on x86: the time for which they are kept, and the time of calls. */
  lambdaProvisionedGbSecond: 0.000_004_166_7,
  lambdaProvisionedRunGbSecond: 0.000_009_722_2,
} as const;

/** Of the paid plan, per month, included in it: https://developers.cloudflare.com/workers/platform/pricing/ */
export const WORKERS_PLAN = { usdPerMonth: 5, requests: 10 * MILLION, cpuMs: 30 * MILLION } as const;

const MIB_MS_PER_GB_SECOND = 1024 * 1000;

/** US dollars per unit of each billed quantity. */
const USD_PER_UNIT: Readonly<Record<Usage, number>> = {
  "worker-requests": USD_PER.workerRequest,
  "gateway-cpu-us": USD_PER.workerCpuMs / 1000,
  "edge-cpu-us": USD_PER.workerCpuMs / 1000,
  "shadow-cpu-us": USD_PER.workerCpuMs / 1000,
  "load-cpu-us": USD_PER.workerCpuMs / 1000,
  "kv-reads": USD_PER.kvRead,
  "r2-reads": USD_PER.r2Read,
  "r2-lists": USD_PER.r2List,
  "origin-requests": USD_PER.lambdaRequest,
  "origin-mib-ms": USD_PER.lambdaGbSecond / MIB_MS_PER_GB_SECOND,
  "ledger-requests": USD_PER.objectRequest,
  "ledger-rows": USD_PER.objectRowWritten,
};

/** A billed quantity, in the whole units of its usage. */
export interface Billed {
  usage: Usage;
  quantity: number;
}

/** What quantities cost together in US dollars, without a plan's included allotments. */
export function costUsd(billed: readonly Billed[]): number {
  return billed.reduce((sum, { usage, quantity }) => sum + usageCostUsd(usage, quantity), 0);
}

/** What a quantity costs in US dollars, without a plan's included allotments. */
export function usageCostUsd(usage: Usage, quantity: number): number {
  return USD_PER_UNIT[usage] * quantity;
}

/**
 * What an account gets per month without a charge, of quantities that share one allotment. All Workers and functions of the account use it.
 * Workers paid plan and AWS's free tier: the pages above.
 */
export const ALLOTMENTS: readonly { name: string; usages: readonly Usage[]; quantity: number }[] = [
  { name: "Workers requests", usages: ["worker-requests"], quantity: WORKERS_PLAN.requests },
  {
    name: "Workers CPU",
    usages: ["gateway-cpu-us", "edge-cpu-us", "shadow-cpu-us", "load-cpu-us"],
    quantity: WORKERS_PLAN.cpuMs * 1000,
  },
  { name: "KV reads", usages: ["kv-reads"], quantity: 10 * MILLION },
  { name: "R2 reads", usages: ["r2-reads"], quantity: 10 * MILLION },
  { name: "R2 lists", usages: ["r2-lists"], quantity: MILLION },
  { name: "Durable Objects requests", usages: ["ledger-requests"], quantity: MILLION },
  { name: "Durable Objects rows", usages: ["ledger-rows"], quantity: 50 * MILLION },
  { name: "Lambda requests", usages: ["origin-requests"], quantity: MILLION },
  { name: "Lambda memory", usages: ["origin-mib-ms"], quantity: 400_000 * MIB_MS_PER_GB_SECOND },
];
