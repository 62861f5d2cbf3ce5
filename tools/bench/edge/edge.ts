/** Bench `edge`: how fast each side answers a text of so many tokens, and what a cold start of each costs. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { classify } from "../classify.ts";
import { tenths } from "../statistics.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { compare, type LengthResult } from "./compare.ts";

const BENCH_MAX_MS = 15 * 60_000;
const TOKEN_LENGTHS = [8, 32, 64, 128, 256] as const;
/** Fewer than 30 make no 95th percentile. */
const SAMPLES = { min: 30, max: 1000, fallback: 40 };

const NOTES = [
  "Token counts include the special tokens, as admission counts them.",
  "callerMs is this machine's clock from sending to the last byte and includes wrangler dev's proxy, on both sides alike; gatewayMs comes from server-timing, in whole ms.",
  "The origin is a warm process on this machine: no network distance, no TLS, and all CPUs instead of Lambda's share. A real origin is slower by at least a round trip.",
  "One gateway per side, equal but for the policy's override in KV; samples alternate between them, so the machine's noise hits both.",
  "originCold is one call with no instance: a new Node process that verifies and loads the model. Lambda's own start comes on top.",
  "edgeCold is one load in a fresh gateway process, from its first request until /readyz says ready, weights from local R2.",
];

export const edgeBench: Bench = {
  name: "edge",
  summary: "p50 and p95 of edge and origin per token length; cold starts of both",
  options: { ...MODEL_OPTION, samples: { type: "string" } },
  async run(values: OptionValues) {
    const samples = wholeNumber(values, "samples", SAMPLES);
    const opened = await openPackage(values);
    return withWorkspace(BENCH_MAX_MS, (workspace) => run(workspace, opened, samples));
  },
};

async function run(workspace: Workspace, opened: EdgePackage, samples: number): Promise<Report> {
  const texts = await textsOf(opened);
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const originUrl = await step("starting the origin, without an instance", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 0 }),
  );
  const start = (side: "edge" | "origin") =>
    step(`starting the ${side} gateway`, async () => {
      const stored = await storePackage(join(workspace.folder, side), opened);
      const policy = { override: side };
      return startGateway(workspace, { name: `${side} gateway`, bundle, stored, originUrl, credentials, policy });
    });

  const originGateway = await start("origin");
  // It tokenizes for the origin too; a load in the background would slow the cold start that is measured next.
  await step("loading its tokenizer and model", () => edgeReady(originGateway));
  const originCold = await step("a first call of the origin", () =>
    originColdStart(originGateway, texts.make(TOKEN_LENGTHS[0], 0)),
  );
  const edgeGateway = await start("edge");
  const edgeCold = await step("a first call of the edge", () =>
    edgeColdStart(edgeGateway, texts.make(TOKEN_LENGTHS[0], 0)),
  );

  const lengths = TOKEN_LENGTHS.filter((tokens) => tokens <= opened.edge.maxTokens);
  const results = await compare({ edge: edgeGateway, origin: originGateway }, { lengths, samples, texts });
  const result = { model: shortModelId(opened.modelId), lengths: results, edgeCold, originCold };
  const cold = [
    ["edge: process start to /healthz", edgeCold.processStartMs],
    ["edge: first request to ready", edgeCold.firstRequestToReadyMs],
    [`edge: that first request (${edgeCold.firstRequest.route})`, edgeCold.firstRequest.callerMs],
    ["origin: first call, no instance", originCold.callerMs],
    ["origin: second call", originCold.secondCallerMs],
  ];
  return {
    result,
    tables: [speedTable(results), { title: "Cold starts", header: ["what", "ms"], rows: cold }],
    notes: NOTES,
  };
}

function speedTable(results: readonly LengthResult[]) {
  const header = ["tokens", "edge p50", "edge p95", "origin p50", "origin p95", "origin/edge", "samples"];
  const rows = results.map(({ tokens, edge, origin, originOverEdgeAtP50 }) => [
    tokens,
    edge.callerMs.p50,
    edge.callerMs.p95,
    origin.callerMs.p50,
    origin.callerMs.p95,
    originOverEdgeAtP50,
    Math.min(edge.samples, origin.samples),
  ]);
  return { title: "Time of an answer in ms, from the caller's clock", header, rows };
}

/** What the first request of a fresh process meets, on either side. */

/** The gateway has answered nothing but /healthz, which loads no model. */
export async function edgeColdStart(gateway: RunningWorker, text: string) {
  const startedAtMs = performance.now();
  const [first, ready] = await Promise.all([
    classify(gateway.url, text),
    edgeReady(gateway).then(({ heapBytes }) => ({ heapBytes, atMs: performance.now() })),
  ]);
  const { status, route, because, callerMs } = first;
  return {
    processStartMs: tenths(gateway.startMs),
    firstRequestToReadyMs: tenths(ready.atMs - startedAtMs),
    firstRequest: { status, route, because, callerMs: tenths(callerMs) },
    heapBytes: ready.heapBytes,
  };
}

/** The origin has no instance yet. @throws Error when somebody else answered */
export async function originColdStart(gateway: RunningWorker, text: string) {
  const first = await classify(gateway.url, text);
  const second = await classify(gateway.url, text);
  for (const { status, route } of [first, second]) {
    if (route !== "origin") throw new Error(`The origin's first calls were answered with ${status} by ${route}.`);
  }
  return { callerMs: tenths(first.callerMs), secondCallerMs: tenths(second.callerMs) };
}
