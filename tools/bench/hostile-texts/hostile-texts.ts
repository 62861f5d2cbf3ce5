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
import { percentile, tenths } from "../../statistics.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { classify } from "../classify.ts";
import { heapUsageBytes, Inspector } from "../memory/inspector.ts";
import { sampleWhile } from "../memory/sampler.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { MODEL_OPTION, openPackage } from "../system/package.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type HostileText, hostileTexts } from "./texts.ts";
import { MAX_TOKENIZING_MIB, measureTokenizing } from "./tokenizing.ts";

const MAX_BENCH_MS = 30 * 60_000;
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
const RUNS = { min: 1, max: 20, fallback: 2 };
/** Of the list, counted from 1: the whole takes longer than some machines are free for. */
const FROM = { min: 1, max: 1000, fallback: 1 };
const TO = { min: 1, max: 1000, fallback: 1000 };
const SHORT = "The minutes of the meeting are attached.";
const WARM_UP_TEXTS = 30;
const ALONE_MS = 3000;
const PAUSE_MS = 5;
const SAMPLE_EVERY_MS = 10;
/** A short text may wait for a hostile one this much longer than twice its time on an idle gateway. */
const MAX_ADDED_MS = 50;

const NOTES = [
  "Gateway in workerd and local Lambda origin, both with the package, on one machine; times are the caller's clock.",
  "The origin runs at the lowest priority: on this machine it would take the processor from the gateway, and deployed it is another machine.",
  "longestHoldMs: the longest answer of /healthz meanwhile, less its median on an idle gateway: the longest time that nothing else ran in the gateway.",
  "shortAloneMs and shortMeanwhileMs: the median on an idle gateway, and the slowest meanwhile, of a short text that the edge answers.",
  "tokenizingMiB and tokenizingStepMs: all that the tokenizer of both sides allocates for a text, garbage included, and its longest step, by itself in Node: the larger for the edge's and the origin's most tokens.",
  "heapGrowthMiB: the largest V8 heap with its buffers meanwhile, less that before, as the inspector reports it: body, texts and garbage are in it.",
];

interface Row {
  text: string;
  bytes: number;
  /** `edge`, `origin`, `mixed`; null for a refusal. */
  side: string | null;
  status: number;
  answerMs: number;
  longestHoldMs: number;
  heapGrowthMiB: number;
  shortAloneMs: number;
  shortMeanwhileMs: number;
  tokenizingMiB: number;
  tokenizingStepMs: number;
}

export const hostileTextsBench: Bench = {
  name: "hostile-texts",
  summary: "time, longest hold, heap and a short text's wait for texts of a megabyte that tokenizers do not like",
  options: {
    ...MODEL_OPTION,
    seed: numberOption("another seed generates other texts", SEED),
    runs: numberOption("runs of each text", RUNS),
    from: numberOption("the first text of the list", FROM),
    to: numberOption("the last text of the list", TO),
  },
  quick: { runs: "1", to: "8" },
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

type Measured = Omit<Row, "tokenizingMiB" | "tokenizingStepMs">;
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
  const gateway = await step("starting the gateway", () => startGateway(workspace, settings));
  await step("loading the model", () => edgeReady(gateway));
  const tokenizer = await tokenizerOf(opened);
  const inspector = await Inspector.connect(gateway);
  try {
    for (let text = 0; text < WARM_UP_TEXTS; text++) await classify(gateway.url, SHORT);
    const idle = await step("a short text on an idle gateway", () => others(gateway.url, sleep(ALONE_MS)));
    const rows: Row[] = [];
    for (const text of hostileTexts(seed).slice(from - 1, to)) {
      const tokenizing = tokenizingOf(text, tokenizer, [opened.edge.maxTokens, defaultPolicy().limits.originTokens]);
      const row = () => measure(text, idle, { url: gateway.url, inspector });
      rows.push({ ...(await step(text.name, () => bestOf(runs, row))), ...tokenizing });
    }
    return report(shortModelId(opened.modelId), rows);
  } finally {
    inspector.close();
  }
}

async function tokenizerOf({ folder, manifest: { tokenizer } }: Opened): Promise<TextTokenizer> {
  const read = async (file: string) => new TextDecoder().decode(await readPackageFile(folder, file));
  return runSteps(loadTokenizer(await read(tokenizer.file), await read(tokenizer.configFile)));
}

/** Of the text of the request that takes the most, on the side where it does. @param limits the most tokens of each side */
function tokenizingOf({ inputs }: HostileText, tokenizer: TextTokenizer, limits: readonly number[]) {
  const each = inputs.flatMap((text) => limits.map((maxTokens) => measureTokenizing(tokenizer, text, maxTokens)));
  return {
    tokenizingMiB: tenths(Math.max(...each.map(({ allocatedMiB }) => allocatedMiB))),
    tokenizingStepMs: tenths(Math.max(...each.map(({ longestStepMs }) => longestStepMs))),
  };
}

interface Others {
  shortMs: number[];
  healthMs: number[];
}

/** A short text and a health check, again and again until `until` is settled. */
async function others(url: string, until: Promise<unknown>): Promise<Others> {
  const times: Others = { shortMs: [], healthMs: [] };
  const state = { isOver: false };
  const end = () => {
    state.isOver = true;
  };
  until.then(end, end);
  const repeat = async (into: number[], send: () => Promise<unknown>) => {
    do {
      const sentAtMs = performance.now();
      await send();
      into.push(performance.now() - sentAtMs);
      await sleep(PAUSE_MS);
    } while (!state.isOver);
  };
  const health = async () => (await fetch(`${url}/healthz`)).arrayBuffer();
  await Promise.all([repeat(times.shortMs, () => classify(url, SHORT)), repeat(times.healthMs, health)]);
  return times;
}

async function measure(
  { name, inputs }: HostileText,
  idle: Others,
  { url, inspector }: { url: string; inspector: Inspector },
): Promise<Measured> {
  const before = heapUsageBytes(await inspector.heapUsage());
  const call = classify(url, inputs.length === 1 ? (inputs[0] ?? "") : inputs);
  let meanwhile = idle;
  const { peak } = await sampleWhile(inspector, SAMPLE_EVERY_MS, async () => {
    meanwhile = await others(url, call);
  });
  const answer = await call;
  return {
    text: name,
    bytes: new TextEncoder().encode(inputs.join("")).length,
    side: answer.route,
    status: answer.status,
    answerMs: tenths(answer.callerMs),
    longestHoldMs: tenths(Math.max(0, Math.max(...meanwhile.healthMs) - percentile(idle.healthMs, 50))),
    heapGrowthMiB: tenths(Math.max(0, heapUsageBytes(peak) - before) / 2 ** 20),
    shortAloneMs: tenths(percentile(idle.shortMs, 50)),
    shortMeanwhileMs: tenths(Math.max(...meanwhile.shortMs)),
  };
}

/** Another program makes one run slow now and then: of several runs the one with the shortest wait counts, with the worst status. */
async function bestOf(runs: number, measureOnce: () => Promise<Measured>): Promise<Measured> {
  let best = await measureOnce();
  for (let done = 1; done < runs; done++) {
    const row = await measureOnce();
    const status = Math.max(best.status, row.status);
    best = { ...(row.shortMeanwhileMs < best.shortMeanwhileMs ? row : best), status };
  }
  return best;
}

function report(model: string, rows: readonly Row[]): Report {
  const slow = rows.filter(({ shortAloneMs, shortMeanwhileMs }) => shortMeanwhileMs > 2 * shortAloneMs + MAX_ADDED_MS);
  const failed = rows.filter(({ status }) => status >= 500);
  const large = rows.filter(({ tokenizingMiB }) => tokenizingMiB > MAX_TOKENIZING_MIB);
  const header = [
    "text",
    "bytes",
    "side",
    "status",
    "answer ms",
    "longest hold",
    "heap MiB",
    "short, idle",
    "short meanwhile",
    "tokenizing MiB",
    "longest step",
  ];
  const cells = rows.map((row) => [
    row.text,
    row.bytes,
    row.side ?? "refused",
    row.status,
    row.answerMs,
    row.longestHoldMs,
    row.heapGrowthMiB,
    row.shortAloneMs,
    row.shortMeanwhileMs,
    row.tokenizingMiB,
    row.tokenizingStepMs,
  ]);
  const problems = [
    ...slow.map(({ text, shortMeanwhileMs }) => `a short text waited ${shortMeanwhileMs} ms for "${text}"`),
    ...large.map(({ text, tokenizingMiB }) => `tokenizing "${text}" allocated ${tokenizingMiB} MiB`),
    ...failed.map(({ text, status }) => `"${text}" was answered with ${status}`),
  ];
  return {
    result: { model, maxAddedMs: MAX_ADDED_MS, rows },
    tables: [{ title: "One hostile text, and a short one meanwhile", header, rows: cells }],
    notes: NOTES,
    problem: problems.length === 0 ? null : `${problems.join("; ")}.`,
  };
}
