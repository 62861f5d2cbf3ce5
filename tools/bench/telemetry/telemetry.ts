/** Bench `telemetry`: the time that exporting adds to a request, by sampling ratio, and whether the isolate grows with its requests. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { type Call, classify } from "../classify.ts";
import { Inspector } from "../memory/inspector.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import { type Sink, startSink } from "../system/sink.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { takeTurns } from "../take-turns.ts";
import { textsOf } from "../texts.ts";
import { growth } from "./growth.ts";
import { NOTES, TELEMETRY_MODES, type TelemetryMode, telemetryResult, telemetryTables } from "./report.ts";

const MAX_BENCH_MS = 45 * 60_000;
const SAMPLES = { min: 30, max: 5000, fallback: 300 };
const REQUESTS = { min: 100, max: 200_000, fallback: 50_000 };
const TEXT_TOKENS = 8;
/** V8 optimizes code that runs often. */
const WARM_UP_REQUESTS = 300;
/** Other texts than before, without making one per request. */
const DIFFERENT_TEXTS = 1000;

/** The JSON's field for the modes that are compared. */
const MODES_FIELD = "ways";

export const telemetryBench: Bench = {
  name: "telemetry",
  summary: "time that traces, logs and metrics add to a request at 0, 10 and 100 %; the heap after 50,000 requests",
  options: {
    ...MODEL_OPTION,
    samples: numberOption("requests per ratio and round", SAMPLES),
    requests: numberOption("requests before the heap is measured", REQUESTS),
  },
  quick: { samples: "40", requests: "600" },
  async run(values: OptionValues) {
    const options = {
      samples: wholeNumber(values, "samples", SAMPLES),
      requests: wholeNumber(values, "requests", REQUESTS),
    };
    const opened = await openPackage(values);
    const sink = await startSink();
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, sink, options)).finally(sink.close);
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  sink: Sink,
  { samples, requests }: { samples: number; requests: number },
): Promise<Report> {
  const texts = await textsOf(opened);
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const originUrl = await step("starting the origin", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 1 }),
  );
  const start = async (mode: TelemetryMode) => {
    const name = `gateway ${mode.name}`;
    const stored = await storePackage(join(workspace.folder, name.replaceAll(/\W+/g, "-")), opened);
    const policy = { override: "edge" as const, ...(mode.ratio !== null && { sampling: { ratio: mode.ratio } }) };
    const otlpEndpoint = mode.ratio === null ? null : sink.url;
    const settings = { name, bundle, stored, originUrl, credentials, policy, otlpEndpoint };
    const gateway = await startGateway(workspace, settings);
    await edgeReady(gateway);
    for (let request = 0; request < WARM_UP_REQUESTS; request++) {
      await classify(gateway.url, texts.make(TEXT_TOKENS, request));
    }
    return { mode, gateway };
  };
  const started: Awaited<ReturnType<typeof start>>[] = [];
  for (const mode of TELEMETRY_MODES) {
    started.push(await step(`starting a gateway and warming it up: ${mode.about}`, () => start(mode)));
  }

  const cells = await step(`measuring, ${samples} requests per gateway`, () =>
    takeTurns(
      started.map(({ mode, gateway }) => ({
        name: mode.name,
        answer: (text: string) => classify(gateway.url, text),
        counts: ({ status, route }: Call) => status === 200 && route === "edge",
      })),
      texts,
      { lengths: [TEXT_TOKENS], samples, maxRounds: 2 * samples },
    ),
  );

  const all = started.find(({ mode }) => mode.ratio === 1);
  if (all === undefined) throw new Error("no gateway exports everything");
  const inspector = await Inspector.connect(all.gateway);
  const sentBefore = sink.received();
  const heap = await growth(inspector, requests, step, (request) =>
    classify(all.gateway.url, texts.make(TEXT_TOKENS, request % DIFFERENT_TEXTS)),
  ).finally(() => inspector.close());
  const received = sink.received();
  const result = telemetryResult({
    model: shortModelId(opened.modelId),
    cells,
    heap,
    requests,
    received: {
      traces: received.traces - sentBefore.traces,
      logs: received.logs - sentBefore.logs,
      metrics: received.metrics - sentBefore.metrics,
    },
  });
  const { modes, ...others } = result;
  return {
    result: { ...others, [MODES_FIELD]: modes },
    tables: telemetryTables(result),
    notes: NOTES,
    problem: result.problem,
  };
}
