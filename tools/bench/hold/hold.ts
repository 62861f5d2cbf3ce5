/** Bench `hold`: how long other requests wait while the isolate loads its model, and while it runs a long text. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { localSigningKey } from "../../spillway/model/sign/local-key.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { startInstantOrigin } from "./instant-origin.ts";
import { holdResult, holdTables, NOTES, problemOf } from "./report.ts";
import {
  firstTextAnsweredAtMs,
  joined,
  POLICY,
  requestsTo,
  runAtEdge,
  type Samples,
  sendUntil,
  under,
} from "./requests.ts";

const MAX_BENCH_MS = 30 * 60_000;
const LOADS = { min: 1, max: 100, fallback: 20 };
const RUNS = { min: 5, max: 500, fallback: 30 };
/** Longer than an idle isolate takes for a request, so that requests wait for the load or the run and not for each other. */
const EVERY_MS = 25;
const IDLE_MS = 10_000;
/** An idle isolate and runs in turn, so that noise of the machine affects both. */
const RUN_BLOCKS = 5;
/** Longer than a cold load. Its end is asked for afterwards: probes meanwhile would be further requests that the others wait for. */
const FRESH_MS = 1500;
/** A load begins this long after the answer of the text that found the isolate cold (gateway/compose.ts). */
const LOAD_BEGINS_AFTER_MS = 20;
const WARM_UP_RUNS = 5;

export const holdBench: Bench = {
  name: "hold",
  summary:
    "how long a health check, a refusal, a spilled and a short text wait while a model loads or a long text runs",
  options: { ...MODEL_OPTION, loads: numberOption("cold loads", LOADS), runs: numberOption("runs per length", RUNS) },
  quick: { loads: "5", runs: "5" },
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
  const otherKey = await localSigningKey(folder);
  const credentials = newCredentials();
  const start = (variables: Readonly<Record<string, string>> = {}) =>
    startGateway(workspace, { name: "gateway", bundle, stored, originUrl, credentials, policy: POLICY, variables });

  const fresh: Samples[] = [];
  const loading: Samples[] = [];
  let loadMs = FRESH_MS;
  // The first pair fills the machine's caches and is not counted. The order within a pair alternates.
  for (let pair = 0; pair <= loads; pair++) {
    await step(`requests without and during load ${pair} of ${loads}`, async () => {
      const measure = [without, during];
      for (const one of pair % 2 === 0 ? measure.toReversed() : measure) await one(pair);
    });
  }
  const gateway = await start();
  await step("loading the model", () => edgeReady(gateway));
  const requests = requestsTo(gateway.url, texts);
  const tokens = opened.edge.maxTokens;
  const long = texts.make(tokens, 1);
  for (let done = 0; done < WARM_UP_RUNS; done++) await runAtEdge(gateway.url, long);
  await sendUntil(requests, EVERY_MS, sleep(1000));
  const idle: Samples[] = [];
  const running: Samples[] = [];
  for (let block = 0; block < RUN_BLOCKS; block++) {
    await step(
      `requests to an idle isolate and during texts of ${tokens} tokens, ${block + 1} of ${RUN_BLOCKS}`,
      async () => {
        idle.push(await sendUntil(requests, EVERY_MS, sleep(IDLE_MS / RUN_BLOCKS), block));
        const some = inTurn(Math.ceil(runs / RUN_BLOCKS), () => runAtEdge(gateway.url, long));
        running.push(await sendUntil(requests, EVERY_MS, some, block));
      },
    );
  }
  const result = holdResult({ model: shortModelId(opened.modelId), loads, runs }, [
    { meanwhile: "cold load", alone: joined(fresh), beside: joined(loading) },
    { meanwhile: `text of ${tokens} tokens`, alone: joined(idle), beside: joined(running) },
  ]);
  return { result, tables: holdTables(result), notes: NOTES, problem: problemOf(result) };

  /**
   * A process that rejects its package for the signature, for as long as the latest load took. Any text starts a load, also under
   * `override: origin`.
   */
  async function without(pair: number): Promise<void> {
    const samples = await toFreshProcess(pair, { MODEL_PUBLIC_KEY: otherKey.publicKeyPem }, async () => {});
    if (pair > 0) fresh.push(inLoad(samples, loadMs));
  }

  /** A process that loads its model, because of the first text. */
  async function during(pair: number): Promise<void> {
    const samples = await toFreshProcess(pair, {}, async (gateway) => {
      const edge = await edgeReady(gateway);
      if (edge.loadMs === null) throw new Error(`${gateway.name} is ready without a load; see its /readyz.`);
      loadMs = edge.loadMs;
    });
    if (pair > 0) loading.push(inLoad(samples, loadMs));
  }

  /** @returns the requests to a process that starts for them, until what `until` begins is over, and for `FRESH_MS` at least */
  async function toFreshProcess(
    pair: number,
    variables: Readonly<Record<string, string>>,
    until: (gateway: RunningWorker) => Promise<void>,
  ) {
    const gateway = await start(variables);
    const ended = sleep(FRESH_MS).then(() => until(gateway));
    const samples = await sendUntil(requestsTo(gateway.url, texts), EVERY_MS, ended, pair);
    await gateway.stop();
    return samples;
  }
}

/** The requests beside a load of `loadMs`, which begins behind the first text's answer; or at the same time of a process without one. */
function inLoad(samples: Samples, loadMs: number): Samples {
  const fromMs = firstTextAnsweredAtMs(samples) + LOAD_BEGINS_AFTER_MS;
  return under(samples, { fromMs, toMs: fromMs + loadMs });
}

async function inTurn(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done++) await work();
}
