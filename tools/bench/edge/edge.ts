/** Bench `edge`: how fast each side answers texts of several lengths, and the cost of a cold start of each side. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { hundredths, percentile, tenths } from "../../statistics.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { type Call, classify } from "../classify.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type Cell, type Side, takeTurns } from "../take-turns.ts";
import { type Texts, textsOf } from "../texts.ts";

const MAX_BENCH_MS = 15 * 60_000;
const TOKEN_LENGTHS = [8, 32, 64, 128, 256, 512] as const;
/** With fewer than 30 samples a 95th percentile has no meaning. */
const SAMPLES = { min: 30, max: 1000, fallback: 40 };
/** V8 has optimized the wasm after these rounds; the first runs take two to three times as long. */
const WARM_UP_ROUNDS = 10;
/** Answers of the wrong side are discarded; this share of rounds is added to replace them. */
const EXTRA_ROUNDS_RATIO = 0.5;

const NOTES = [
  "Token counts include the special tokens, as the gateway counts them.",
  "callerMs is this machine's clock from sending to the last byte. It includes Miniflare's Worker before the gateway, for both sides alike. gatewayMs comes from server-timing, in whole ms.",
  "The origin is a warm process on this machine: no network distance, no TLS, and all CPUs instead of Lambda's share. A real origin is slower by at least a round trip.",
  "There is one gateway per side; they differ only in the policy's override in KV. Samples alternate between them, so noise of the machine affects both.",
  "originCold is one call without a running instance: a new Node process that verifies and loads the model. Lambda's own start is added to that.",
  "edgeCold is one load in a fresh gateway process, from its first request until /readyz reports ready, with the weights in local R2.",
];

export const edgeBench: Bench = {
  name: "edge",
  summary: "p50 and p95 of edge and origin per token length; cold starts of both",
  options: { ...MODEL_OPTION, samples: numberOption("texts per length", SAMPLES) },
  quick: { samples: "30" },
  async run(values: OptionValues) {
    const samples = wholeNumber(values, "samples", SAMPLES);
    const opened = await openPackage(values);
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, samples));
  },
};

async function run(workspace: Workspace, opened: EdgePackage, samples: number): Promise<Report> {
  const texts = await textsOf(opened);
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const originUrl = await step("starting the origin without an instance", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 0 }),
  );
  const start = (side: SideName) =>
    step(`starting the ${side} gateway`, async () => {
      const stored = await storePackage(join(workspace.folder, side), opened);
      const policy = { override: side };
      return startGateway(workspace, { name: `${side} gateway`, bundle, stored, originUrl, credentials, policy });
    });

  const originGateway = await start("origin");
  // The gateway tokenizes for the origin too. A load in the background would slow the cold start that is measured next.
  await step("loading its tokenizer and model", () => edgeReady(originGateway));
  const originCold = await step("first call of the origin", () =>
    originColdStart(originGateway, texts.make(TOKEN_LENGTHS[0], 0)),
  );
  const edgeGateway = await start("edge");
  const edgeCold = await step("first call of the edge", () =>
    edgeColdStart(edgeGateway, texts.make(TOKEN_LENGTHS[0], 0)),
  );

  const lengths = TOKEN_LENGTHS.filter((tokens) => tokens <= opened.edge.maxTokens);
  const results = await compareSides({ edge: edgeGateway, origin: originGateway }, { lengths, samples, texts });
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
    tables: [speedTable(results), { title: "Cold starts", header: ["event", "ms"], rows: cold }],
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
  return { title: "Time of an answer in ms, by the caller's clock", header, rows };
}

/** The gateway has answered only /healthz so far, which loads no model. */
async function edgeColdStart(gateway: RunningWorker, text: string) {
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

/** The origin has no instance so far. @throws Error if another side answers */
async function originColdStart(gateway: RunningWorker, text: string) {
  const first = await classify(gateway.url, text);
  const second = await classify(gateway.url, text);
  for (const { status, route } of [first, second]) {
    if (route !== "origin") throw new Error(`The origin's first calls were answered with ${status} by ${route}.`);
  }
  return { callerMs: tenths(first.callerMs), secondCallerMs: tenths(second.callerMs) };
}

type SideName = "edge" | "origin";
const SIDES: readonly SideName[] = ["edge", "origin"];

interface SideResult {
  samples: number;
  /** Refusals, and answers of the other side. */
  discarded: number;
  callerMs: { p50: number; p95: number };
  gatewayMs: { totalP50: number; totalP95: number; runP50: number; runP95: number };
}

interface LengthResult {
  tokens: number;
  edge: SideResult;
  origin: SideResult;
  originOverEdgeAtP50: number;
}

interface Plan {
  lengths: readonly number[];
  /** Per length and side. */
  samples: number;
  texts: Texts;
}

/** Both sides on the same texts, in alternation. @throws Error if a side gives too few answers */
async function compareSides(
  gateways: Record<SideName, RunningWorker>,
  { samples, lengths, texts }: Plan,
): Promise<LengthResult[]> {
  const sides = SIDES.map(
    (name): Side<SideName, Call> => ({
      name,
      answer: (text) => classify(gateways[name].url, text),
      counts: ({ route }) => route === name,
    }),
  );
  await step(`warming up, ${WARM_UP_ROUNDS} rounds`, () =>
    takeTurns(sides, texts, { lengths, samples: WARM_UP_ROUNDS, maxRounds: WARM_UP_ROUNDS }),
  );
  const maxRounds = Math.ceil(samples * (1 + EXTRA_ROUNDS_RATIO));
  const cells = await step(`measuring ${lengths.join(", ")} tokens, ${samples} samples per side`, () =>
    takeTurns(sides, texts, { lengths, samples, maxRounds }),
  );
  return lengths.map((tokens) => {
    const of = (name: SideName) => cells.find((cell) => cell.side === name && cell.tokens === tokens);
    const edge = summarize(of("edge"), samples);
    const origin = summarize(of("origin"), samples);
    const ratio = origin.callerMs.p50 / edge.callerMs.p50;
    return { tokens, edge, origin, originOverEdgeAtP50: hundredths(ratio) };
  });
}

function summarize(cell: Cell<SideName, Call> | undefined, wanted: number): SideResult {
  if (cell === undefined) throw new Error("A length was not measured.");
  const { side, tokens, good, others } = cell;
  if (good.length < wanted) {
    const last = others.at(-1);
    throw new Error(
      `The ${side} answered ${good.length} of ${good.length + others.length} texts of ${tokens} tokens; the bench needs ${wanted}. Last other answer: ${last?.status} ${last?.because ?? ""}`,
    );
  }
  const p = (percent: number, pick: (call: Call) => number) => tenths(percentile(good.map(pick), percent));
  const total = ({ gatewayMs }: Call) => gatewayMs["total"] ?? 0;
  const run = ({ gatewayMs }: Call) => gatewayMs[side] ?? 0;
  return {
    samples: good.length,
    discarded: others.length,
    callerMs: { p50: p(50, ({ callerMs }) => callerMs), p95: p(95, ({ callerMs }) => callerMs) },
    gatewayMs: { totalP50: p(50, total), totalP95: p(95, total), runP50: p(50, run), runP95: p(95, run) },
  };
}
