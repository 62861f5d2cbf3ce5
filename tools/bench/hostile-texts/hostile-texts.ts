/** Bench `hostile-texts`: what one text of a megabyte does to the isolate and to another caller's short text. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { loadTokenizer, runSteps } from "../../../formats/tokenizer/load-tokenizer.ts";
import type { TextTokenizer } from "../../../formats/tokenizer/tokenizer.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { readPackageFile } from "../../spillway/model/local-package.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { classify } from "../classify.ts";
import { Inspector } from "../memory/inspector.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { MODEL_OPTION, openPackage } from "../system/package.ts";
import { processorWaitOf } from "../system/process-group.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type Gateway, measureOthers, measureRun, SHORT } from "./measure.ts";
import { type Measured, type Others, type Run, reportOf, rowOf } from "./report.ts";
import { type HostileText, hostileTexts } from "./texts.ts";
import { measureTokenizing } from "./tokenizing.ts";

const MAX_BENCH_MS = 30 * 60_000;
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
const RUNS = { min: 1, max: 100, fallback: 40 };
/** A text is not run again once so many short texts were sent meanwhile. */
const ENOUGH_SAMPLES = 40;
/** Of the list, counted from 1: the whole takes longer than some machines are free for. */
const FROM = { min: 1, max: 1000, fallback: 1 };
const TO = { min: 1, max: 1000, fallback: 1000 };
const WARM_UP_TEXTS = 30;
/** Of the list: the edge, a refusal, the origin; characters inside and outside ASCII. V8 compiles the code that they take. */
const WARM_UP: readonly string[] = ["one letter", "random Hindi", "English", "random rare scripts"];
const IDLE_MS = 3000;

export const hostileTextsBench: Bench = {
  name: "hostile-texts",
  summary: "time, longest hold, heap and a short text's wait for texts of a megabyte that tokenizers do not like",
  options: {
    ...MODEL_OPTION,
    seed: numberOption("another seed generates other texts", SEED),
    runs: numberOption(`runs of each text; fewer once ${ENOUGH_SAMPLES} short texts were sent meanwhile`, RUNS),
    from: numberOption("the first text of the list", FROM),
    to: numberOption("the last text of the list", TO),
  },
  quick: { runs: "2", to: "8" },
  async run(values: OptionValues) {
    const options = {
      seed: wholeNumber(values, "seed", SEED),
      runs: wholeNumber(values, "runs", RUNS),
      from: wholeNumber(values, "from", FROM),
      to: wholeNumber(values, "to", TO),
    };
    const opened = await openPackage(values);
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, options));
  },
};

type Opened = Awaited<ReturnType<typeof openPackage>>;

interface Options {
  seed: number;
  runs: number;
  /** The first and the last text of the list. */
  from: number;
  to: number;
}

async function run(workspace: Workspace, opened: Opened, { seed, runs, from, to }: Options): Promise<Report> {
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const stored = await step("publishing the package", () => storePackage(join(workspace.folder, "stored"), opened));
  const origin = { modelFolder: opened.folder, credentials, warmInstances: 1, yieldsProcessor: true };
  const originUrl = await step("starting the origin", () => startOrigin(workspace, origin));
  const settings = { name: "gateway", bundle, stored, originUrl, credentials, policy: {} };
  const worker = await step("starting the gateway", () => startGateway(workspace, settings));
  await step("loading the model", () => edgeReady(worker));
  const tokenizer = await tokenizerOf(opened);
  const { url, pid } = worker;
  const inspector = await Inspector.connect(worker);
  const gateway = { url, inspector, processorWait: pid === null ? null : await processorWaitOf(pid, "workerd") };
  const texts = hostileTexts(seed);
  const idle: Others[] = [];
  const beIdle = () =>
    step("a short text on an idle gateway", async () => {
      idle.push((await measureOthers(gateway, sleep(IDLE_MS))).others);
    });
  try {
    const limits = [opened.edge.maxTokens, defaultPolicy().limits.originTokens];
    await step("requests that are not counted", () => warmUp(texts, gateway));
    for (const text of texts) if (WARM_UP.includes(text.name)) tokenizingOf(text, tokenizer, limits);
    await beIdle();
    const measured: Measured[] = [];
    for (const text of texts.slice(from - 1, to)) {
      const tokenizing = tokenizingOf(text, tokenizer, limits);
      const bytes = new TextEncoder().encode(text.inputs.join("")).length;
      const all = await step(text.name, () => runsOf(text, runs, gateway));
      measured.push({ text: text.name, bytes, runs: all, ...tokenizing });
    }
    await beIdle();
    const together = {
      shortMs: idle.flatMap(({ shortMs }) => shortMs),
      healthMs: idle.flatMap(({ healthMs }) => healthMs),
    };
    return reportOf(
      shortModelId(opened.modelId),
      measured.map((one) => rowOf(one, together)),
    );
  } finally {
    inspector.close();
  }
}

async function warmUp(texts: readonly HostileText[], gateway: Gateway): Promise<void> {
  for (let sent = 0; sent < WARM_UP_TEXTS; sent++) await classify(gateway.url, SHORT);
  for (const { name, inputs } of texts) if (WARM_UP.includes(name)) await measureRun(inputs, gateway);
}

async function runsOf({ inputs }: HostileText, runs: number, gateway: Gateway): Promise<Run[]> {
  const done: Run[] = [];
  let samples = 0;
  while (done.length < runs && samples < ENOUGH_SAMPLES) {
    const one = await measureRun(inputs, gateway);
    samples += one.others.shortMs.length;
    done.push(one);
  }
  return done;
}

async function tokenizerOf({ folder, manifest: { tokenizer } }: Opened): Promise<TextTokenizer> {
  const read = async (file: string) => new TextDecoder().decode(await readPackageFile(folder, file));
  return runSteps(loadTokenizer(await read(tokenizer.file), await read(tokenizer.configFile)));
}

/** Of the text of the request that takes the most, on the side where it does. @param limits the most tokens of each side */
function tokenizingOf({ inputs }: HostileText, tokenizer: TextTokenizer, limits: readonly number[]) {
  const each = inputs.flatMap((text) => limits.map((maxTokens) => measureTokenizing(tokenizer, text, maxTokens)));
  return {
    tokenizingMiB: Math.max(...each.map(({ allocatedMiB }) => allocatedMiB)),
    tokenizingStepMs: Math.max(...each.map(({ longestStepMs }) => longestStepMs)),
  };
}
