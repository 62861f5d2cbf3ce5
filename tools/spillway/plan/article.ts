/** The published experiment by its own figures: what it must have cost, and what the edge costs. Pure. */
import { ALLOTMENTS, PRICES_AS_OF, USD_PER, WORKERS_PLAN } from "../../../formats/ledger/prices.ts";
import { arm64Bill, billOf } from "./bill.ts";
import { DISTILBERT, type EdgeModel, RECORDED } from "./edge-model.ts";

/** As published. */
export const PUBLISHED = {
  requests: 2.5e6,
  memoryGb: 3,
  meanMs: 650,
  p95Ms: 1200,
  coldMs: 4000,
  lambdaUsd: 142.5,
  edgeP95Ms: 180,
  edgeUsd: 25,
} as const;

/** CPU of a request at the edge, in ms. */
const EDGE_CPU_MS = [60, 100, 180, 352] as const;
/** Lengths at which the measured engine is shown. */
const ENGINE_TOKENS = [32, 64, 96, 128, 256] as const;

export interface Article {
  pricesAsOf: string;
  lambda: {
    /** For what is stated, without the free tier. */
    statedUsd: number;
    publishedUsd: number;
    /** The mean that the published bill needs, without the free tier. */
    neededMeanMs: number;
    /** P95 as the mean, with the free tier. */
    p95AsMeanUsd: number;
    /** Where cold starts of 4 s were to explain the mean: their part of all calls, which a P95 of 1.2 s excludes above 5 %. */
    neededColdPart: number;
    arm64Usd: number;
  };
  edge: { cpuMs: number; usd: number }[];
  /** CPU of a request at which the edge costs what was published. */
  publishedEdge: { usd: number; cpuMs: number };
  engine: { model: string; source: string; lengths: { tokens: number; cpuMs: number; usd: number }[] };
}

const GB_MIB = 1024;

/** @param edge the model whose measured times are placed beside the published ones */
export function articleOf(edge: EdgeModel = DISTILBERT): Article {
  const { requests, memoryGb, meanMs, p95Ms, coldMs, lambdaUsd, edgeUsd } = PUBLISHED;
  const usages = (ms: number) => ({ "origin-mib-ms": requests * memoryGb * GB_MIB * ms, "origin-requests": requests });
  const neededMeanMs =
    ((lambdaUsd - requests * USD_PER.lambdaRequest) / (requests * memoryGb * USD_PER.lambdaGbSecond)) * 1000;
  return {
    pricesAsOf: PRICES_AS_OF,
    lambda: {
      statedUsd: cents(billOf(usages(meanMs), false).listUsd),
      publishedUsd: lambdaUsd,
      neededMeanMs: Math.round(neededMeanMs),
      p95AsMeanUsd: cents(billOf(usages(p95Ms), false).billUsd),
      neededColdPart: Number(((neededMeanMs - meanMs) / coldMs).toFixed(3)),
      arm64Usd: cents(arm64Bill({ requests, gbSeconds: requests * memoryGb * (meanMs / 1000) }).listUsd),
    },
    edge: EDGE_CPU_MS.map((cpuMs) => ({ cpuMs, usd: edgeUsdOf(cpuMs) })),
    publishedEdge: {
      usd: edgeUsd,
      cpuMs: Math.round(((edgeUsd - WORKERS_PLAN.usdPerMonth) / USD_PER.workerCpuMs + WORKERS_PLAN.cpuMs) / requests),
    },
    engine: {
      model: edge.name,
      source: edge === DISTILBERT ? `${edge.source}, ${RECORDED.machine}` : edge.source,
      lengths: ENGINE_TOKENS.filter((tokens) => tokens <= edge.maxTokens).map((tokens) => {
        const cpuMs = Number(timeOf(edge, tokens).toFixed(1));
        return { tokens, cpuMs, usd: edgeUsdOf(cpuMs) };
      }),
    },
  };
}

/** $5 + (requests · c − 30 M) · $0.02/M, and requests beyond the plan's. */
function edgeUsdOf(cpuMs: number): number {
  const { requests } = PUBLISHED;
  const usages = { "worker-requests": requests, "edge-cpu-us": requests * cpuMs * 1000 };
  return cents(billOf(usages, true).billUsd);
}

/** A length that was measured has its measured time; others have the fitted one. */
function timeOf(edge: EdgeModel, tokens: number): number {
  const measured = edge === DISTILBERT ? RECORDED.lengths.find((one) => one.tokens === tokens) : undefined;
  const { base, perToken, perTokenSquared } = edge.timeMs;
  return measured?.engineMs ?? base + perToken * tokens + perTokenSquared * tokens * tokens;
}

function cents(usd: number): number {
  return Math.round(usd * 100) / 100;
}

/** Every sum, as lines of text. */
export function articleSums({ lambda, edge, publishedEdge, engine }: Article): { title: string; lines: string[] }[] {
  const { requests, memoryGb, meanMs, p95Ms, coldMs } = PUBLISHED;
  const millions = `${requests / 1e6} M`;
  const gbSecond = `$${USD_PER.lambdaGbSecond.toFixed(10)}`;
  const free = ALLOTMENTS.find(({ usages }) => usages.includes("origin-mib-ms"))?.quantity ?? 0;
  const freeGbSeconds = free / GB_MIB / 1000;
  const dollars = (usd: number) => `$${usd.toFixed(2)}`;
  const edgeSum = (cpuMs: number, usd: number) =>
    `$${WORKERS_PLAN.usdPerMonth} + (${millions} × ${cpuMs} ms − ${WORKERS_PLAN.cpuMs / 1e6} M) × $0.02/M = ${dollars(usd)}`;
  return [
    {
      title: "Lambda, as stated",
      lines: [
        `${millions} × ${meanMs / 1000} s × ${memoryGb} GB × ${gbSecond} + ${millions} × $0.20/M = ${dollars(lambda.statedUsd)}`,
        `Published: ${dollars(lambda.publishedUsd)}. It needs a mean of ${(lambda.neededMeanMs / 1000).toFixed(3)} s: (${dollars(lambda.publishedUsd)} − $0.50) ÷ (${millions} × ${memoryGb} GB × ${gbSecond}).`,
        `P95 as the mean, less the free tier: (${millions} × ${p95Ms / 1000} s × ${memoryGb} GB − ${freeGbSeconds.toLocaleString("en-US")} GB-s) × ${gbSecond} + 1.5 M × $0.20/M = ${dollars(lambda.p95AsMeanUsd)}. This is the likely reason.`,
        `Cold starts do not explain it: ${(lambda.neededMeanMs / 1000).toFixed(3)} s − ${meanMs / 1000} s would be ${Math.round(lambda.neededColdPart * 100)} % of the calls at ${coldMs / 1000} s each, and P95 would be ${coldMs / 1000} s, not ${p95Ms / 1000} s.`,
        `On arm64, at the same time per call: ${dollars(lambda.arm64Usd)}.`,
      ],
    },
    { title: "The edge, by CPU of a request", lines: edge.map(({ cpuMs, usd }) => edgeSum(cpuMs, usd)) },
    {
      title: "The published edge",
      lines: [
        `${dollars(publishedEdge.usd)} is ${publishedEdge.cpuMs} ms of CPU per request, with a P95 of ${PUBLISHED.edgeP95Ms} ms. CPU is billed, waits are not: a mean above P95 needs more than inference in it.`,
      ],
    },
    {
      title: `The measured engine: ${engine.model}`,
      lines: [
        ...engine.lengths.map(({ tokens, cpuMs, usd }) => `${tokens} tokens: ${edgeSum(cpuMs, usd)}`),
        `Measured: ${engine.source}.`,
      ],
    },
  ];
}
