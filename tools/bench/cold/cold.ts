/** Bench `cold`: the time until a fresh isolate answers with its model, and the size of the upload. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { PLAIN, PLAIN_OPTION, startPlain, storePlainFile, withPlain } from "../plain/client.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { startSink } from "../system/sink.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import {
  type EdgeAnswers,
  edgeAnswers,
  type FirstCaller,
  firstCaller,
  type GatewayCold,
  gatewayCold,
  type PlainCold,
  plainCold,
} from "./load.ts";
import { coldResult, coldTables, NOTES, problemOf } from "./report.ts";
import { measureStartUp, uploadSize } from "./start-up.ts";

const MAX_BENCH_MS = 30 * 60_000;
const SAMPLES = { min: 1, max: 100, fallback: 5 };
const START_UP_SAMPLES = 15;
const FIRST_TEXT_TOKENS = 32;

export const coldBench: Bench = {
  name: "cold",
  summary:
    "cold load of the edge model, compared with plain onnxruntime-web; start-up of the Worker; size of its upload",
  options: { ...MODEL_OPTION, ...PLAIN_OPTION, samples: numberOption("new isolates", SAMPLES) },
  quick: { samples: "1" },
  async run(values: OptionValues) {
    const options = { samples: wholeNumber(values, "samples", SAMPLES), plain: withPlain(values) };
    const opened = await openPackage(values);
    const sink = await startSink();
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, sink.url, options)).finally(sink.close);
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  otlpEndpoint: string,
  { samples, plain }: { samples: number; plain: boolean },
): Promise<Report> {
  const { folder } = workspace;
  const texts = await textsOf(opened);
  const text = texts.make(FIRST_TEXT_TOKENS, 0);
  const tokenIds = texts.encode(text);
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(folder, "gateway")));
  const upload = await uploadSize(bundle);
  const startUp = await step(`starting ${START_UP_SAMPLES} isolates`, () =>
    measureStartUp(workspace, bundle, START_UP_SAMPLES),
  );
  const stored = await step("publishing the package", () => storePackage(join(folder, "stored"), opened));
  const plainBundle = plain ? await step("building the plain Worker", () => preparePlain()) : null;
  const originUrl = await step("starting the origin", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 1 }),
  );

  const gateways: GatewayCold[] = [];
  const callers: FirstCaller[] = [];
  const answers: EdgeAnswers[] = [];
  const plains: PlainCold[] = [];
  for (let sample = 1; sample <= samples; sample++) {
    await step(`cold load ${sample} of ${samples}`, async () => {
      gateways.push(await withGateway((gateway) => gatewayCold(gateway)));
      await withGateway(async (gateway) => {
        callers.push(await firstCaller(gateway, text));
        answers.push(await edgeAnswers(gateway, text));
      });
      if (plainBundle === null) return;
      const worker = await startPlain(workspace, plainBundle, stored.persistFolder);
      plains.push(await plainCold(worker, tokenIds));
      await worker.stop();
    });
  }
  const model = shortModelId(opened.modelId);
  const result = coldResult({ model, upload, startUp, gateways, callers, answers, plains: plain ? plains : null });
  return { result, tables: coldTables(result), notes: NOTES, problem: problemOf(result) };

  async function withGateway<T>(work: (gateway: RunningWorker) => Promise<T>): Promise<T> {
    const settings = { name: "gateway", bundle, stored, originUrl, credentials, policy: null, otlpEndpoint };
    const gateway = await startGateway(workspace, settings);
    const result = await work(gateway);
    await gateway.stop();
    return result;
  }

  async function preparePlain() {
    await storePlainFile(stored.persistFolder, opened.plainFile);
    return bundleWorker(PLAIN, join(folder, "plain"));
  }
}
