/** Bench `hold`: how long other requests wait while the isolate loads its model, and while it runs a long text. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { percentile, tenths } from "../statistics.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { type PolicyDocument, startGateway } from "../system/gateway.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { startInstantOrigin } from "./instant-origin.ts";
import { joined, NO_LOAD_POLICY, POLICY, REQUESTS, requestsTo, runAtEdge, sendUntil, type Times } from "./requests.ts";

const MAX_BENCH_MS = 30 * 60_000;
const LOADS = { min: 1, max: 50, fallback: 10 };
const RUNS = { min: 5, max: 500, fallback: 30 };
/** Longer than an idle isolate takes for a request, so that requests wait for the load or the run and not for each other. */
const EVERY_MS = 25;
/** Samples enough for a p95 of each kind. */
const ALONE_MS = 8000;
/** About as long as a cold load. */
const FRESH_ALONE_MS = 800;
const WARM_UP_RUNS = 5;
/** What the edge promises to other requests (p95). */
const MAX_ADDED_MS = 25;

const NOTES = [
  `Times are the caller's clock, from sending to the last byte. A request is sent every ${EVERY_MS} ms, whether or not those before it are answered, the four kinds in turn, to an idle isolate and meanwhile alike.`,
  "No request needs the edge model: the short text's caller is outside the share. It is measured and decided as every text.",
  "The origin answers at once with zeros, so the wait of a spilled text is the gateway's.",
  "A load is the first one of a fresh process: R2, signature, hashes, weights, golden logits. It is compared with the same requests to a fresh process that loads nothing (override: origin), in turn with it: both compile their code meanwhile. Samples of one kind are joined.",
];

export const holdBench: Bench = {
  name: "hold",
  summary:
    "how long a health check, a refusal, a spilled and a short text wait while a model loads or a long text runs",
  options: { ...MODEL_OPTION, loads: numberOption("cold loads", LOADS), runs: numberOption("runs per length", RUNS) },
  async run(values: OptionValues) {
    const options = { loads: wholeNumber(values, "loads", LOADS), runs: wholeNumber(values, "runs", RUNS) };
    const opened = await openPackage(values);
    const origin = await startInstantOrigin(opened);
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, origin.url, options)).finally(
      origin.close,
    );
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  originUrl: string,
  { loads, runs }: { loads: number; runs: number },
): Promise<Report> {
  const { folder } = workspace;
  const texts = await textsOf(opened);
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(folder, "gateway")));
  const stored = await step("publishing the package", () => storePackage(join(folder, "stored"), opened));
  const credentials = newCredentials();
  const start = (policy: PolicyDocument) =>
    startGateway(workspace, { name: "gateway", bundle, stored, originUrl, credentials, policy });

  const fresh: Times[] = [];
  const loading: Times[] = [];
  // The first pair fills the machine's caches and is not counted.
  for (let load = 0; load <= loads; load++) {
    await step(`requests without and during load ${load} of ${loads}`, async () => {
      const without = await toFreshProcess(NO_LOAD_POLICY, () => sleep(FRESH_ALONE_MS));
      // /readyz starts the load. The requests' tokenizer is loaded with the model, so texts before it are spilled unmeasured.
      const during = await toFreshProcess(POLICY, edgeReady);
      if (load > 0) fresh.push(without);
      if (load > 0) loading.push(during);
    });
  }
  const gateway = await start(POLICY);
  await step("loading the model", () => edgeReady(gateway));
  const requests = requestsTo(gateway.url, texts);
  const long = texts.make(opened.edge.maxTokens, 1);
  for (let done = 0; done < WARM_UP_RUNS; done++) await runAtEdge(gateway.url, long);
  await sendUntil(requests, EVERY_MS, sleep(1000));
  const idle = await step("requests to an idle isolate", () => sendUntil(requests, EVERY_MS, sleep(ALONE_MS)));
  const running = await step(`requests during ${runs} texts of ${opened.edge.maxTokens} tokens`, () =>
    sendUntil(
      requests,
      EVERY_MS,
      inTurn(runs, () => runAtEdge(gateway.url, long)),
    ),
  );
  return report(opened, [
    { meanwhile: "cold load", alone: joined(fresh), times: joined(loading) },
    { meanwhile: `text of ${opened.edge.maxTokens} tokens`, alone: idle, times: running },
  ]);

  /** @returns the times of requests to a process that starts for them, until what `until` begins is over */
  async function toFreshProcess(policy: PolicyDocument, until: (gateway: RunningWorker) => Promise<unknown>) {
    const gateway = await start(policy);
    const times = await sendUntil(requestsTo(gateway.url, texts), EVERY_MS, until(gateway));
    await gateway.stop();
    return times;
  }
}

async function inTurn(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done++) await work();
}

/** The same requests while nothing else runs, and beside a load or a run. */
interface Comparison {
  meanwhile: string;
  alone: Times;
  times: Times;
}

function report({ modelId }: EdgePackage, comparisons: readonly Comparison[]): Report {
  const rows = comparisons.flatMap(({ meanwhile, alone, times }) =>
    REQUESTS.map((request) => ({
      meanwhile,
      request,
      aloneP50Ms: tenths(percentile(alone[request], 50)),
      meanwhileP50Ms: tenths(percentile(times[request], 50)),
      aloneP95Ms: tenths(percentile(alone[request], 95)),
      meanwhileP95Ms: tenths(percentile(times[request], 95)),
      meanwhileMaxMs: tenths(percentile(times[request], 100)),
      samples: times[request].length,
    })),
  );
  const broken = rows.filter(({ aloneP95Ms, meanwhileP95Ms }) => meanwhileP95Ms > aloneP95Ms + MAX_ADDED_MS);
  const header = ["meanwhile", "request", "idle p50", "meanwhile p50", "idle p95", "meanwhile p95", "max", "samples"];
  const cells = rows.map((row) => [
    row.meanwhile,
    row.request,
    row.aloneP50Ms,
    row.meanwhileP50Ms,
    row.aloneP95Ms,
    row.meanwhileP95Ms,
    row.meanwhileMaxMs,
    row.samples,
  ]);
  return {
    result: { model: shortModelId(modelId), maxAddedMs: MAX_ADDED_MS, rows },
    tables: [{ title: "Wait for an answer in ms", header, rows: cells }],
    notes: NOTES,
    problem:
      broken.length === 0
        ? null
        : `${broken.length} of ${rows.length} waits are more than ${MAX_ADDED_MS} ms longer than without the load or the run (p95).`,
  };
}
