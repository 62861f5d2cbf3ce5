/**
 * List prices in US dollars, as of 2026-11-24. One table: an estimate is only as good as its date.
 * - Workers (paid plan): https://developers.cloudflare.com/workers/platform/pricing/
 * - KV: https://developers.cloudflare.com/kv/platform/pricing/
 * - Lambda, x86, us-east-1, first tier; INIT is billed as duration: https://aws.amazon.com/lambda/pricing/
 */
const MILLION = 1e6;

export const USD_PER = {
  workerRequest: 0.3 / MILLION,
  workerCpuMs: 0.02 / MILLION,
  kvRead: 0.5 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  lambdaGbSecond: 0.000_016_666_7,
} as const;
