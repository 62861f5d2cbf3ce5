/** Bench `memory`: the memory of the gateway's isolate from cold to heavily used, compared with its budget and with the plain Worker. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { mib } from "../../statistics.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { loadPlain, PLAIN, PLAIN_OPTION, runPlain, startPlain, storePlainFile, withPlain } from "../plain/client.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { startSink } from "../system/sink.ts";
import { type StoredPackage, storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type Texts, textsOf } from "../texts.ts";
import { LIMIT_MIB } from "./account.ts";
import { compareSpeed, largestDifference } from "./compare-plain.ts";
import { measureGateway, RUNS_PER_LENGTH, TOKEN_LENGTHS } from "./gateway-memory.ts";
import { heapParts } from "./heap-parts.ts";
import { Inspector } from "./inspector.ts";
import { BUDGET_MIB, broken, type MemoryResult, memoryTables, notes, type PlainResult, ratios } from "./report.ts";
import { type Counted, count, type Reading, watch } from "./stage.ts";

const MAX_BENCH_MS = 30 * 60_000;
/** A pair of texts at DistilBERT's size, with an origin that shares two busy CPUs. */
const MAX_ALTERNATION_MS = 6000;
const REQUESTS = { min: 20, max: 10_000, fallback: 200 };
const ALTERNATIONS = { min: 1, max: 10_000, fallback: 100 };
const SAMPLES = { min: 10, max: 1000, fallback: 30 };
/** Above any package's limit, so that the package and its heap decide what the edge accepts. */
const POLICY = { edge: { maxTokens: 512 } };

interface MemoryOptions {
  requests: number;
  alternations: number;
  samples: number;
  plain: boolean;
}

export const memoryBench: Bench = {
  name: "memory",
  summary: "memory of the gateway's isolate from cold to heavily used, its budget, and plain onnxruntime-web",
  options: {
    ...MODEL_OPTION,
    ...PLAIN_OPTION,
    requests: numberOption("requests of mixed lengths", REQUESTS),
    alternations: numberOption("changes between two packages", ALTERNATIONS),
    samples: numberOption("requests per length", SAMPLES),
  },
  quick: { requests: "40", alternations: "2", samples: "10" },
  async run(values: OptionValues) {
    const options = {
      requests: wholeNumber(values, "requests", REQUESTS),
      alternations: wholeNumber(values, "alternations", ALTERNATIONS),
      samples: wholeNumber(values, "samples", SAMPLES),
      plain: withPlain(values),
    };
    const opened = await openPackage(values);
    const maxMs = MAX_BENCH_MS + options.alternations * MAX_ALTERNATION_MS;
    const sink = await startSink();
    return withWorkspace(maxMs, (workspace) => run(workspace, opened, sink.url, options)).finally(sink.close);
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  otlpEndpoint: string,
  options: MemoryOptions,
): Promise<Report> {
  const { maxTokens, engine } = opened.edge;
  const edgeFile = join(opened.folder, opened.edge.file);
  const lengths = TOKEN_LENGTHS.filter((tokens) => tokens <= maxTokens);
  const texts = await textsOf(opened);
  const parts = await step("measuring the parts of its heap", () => heapParts(edgeFile, engine, lengths));
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const originUrl = await step("starting the origin", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 1 }),
  );
  const stored = await step("publishing the package", () => storePackage(join(workspace.folder, "stored"), opened));
  const gateway = await step("starting the gateway", () =>
    startGateway(workspace, { name: "gateway", bundle, stored, originUrl, credentials, policy: POLICY, otlpEndpoint }),
  );
  const memory = await measureGateway(gateway, texts, { maxTokens, ...options });
  const problem = broken(memory, engine);

  const { samples } = options;
  const plain = options.plain
    ? await comparePlain(workspace, { gateway, memory, stored, opened, texts, lengths, samples })
    : null;
  const result: MemoryResult = {
    model: shortModelId(opened.modelId),
    engine,
    maxTokens,
    limitMiB: LIMIT_MIB,
    budgetMiB: BUDGET_MIB[engine],
    holds: problem === null,
    weightsMiB: await fileMiB(edgeFile),
    heapParts: parts,
    ...memory,
    plain,
  };
  return { result, tables: memoryTables(result), notes: notes(result), problem };
}

interface MeasuredGateway {
  /** Still running, and ready. */
  gateway: RunningWorker;
  memory: Counted;
  stored: StoredPackage;
  opened: EdgePackage;
  texts: Texts;
  /** Lengths that both can run. */
  lengths: readonly number[];
  /** Timed runs per length and side. */
  samples: number;
}

/** Measures the plain Worker with the same file and the same texts, and compares it with the gateway. */
async function comparePlain(workspace: Workspace, measured: MeasuredGateway): Promise<PlainResult> {
  const { gateway, memory, stored, opened, texts, lengths, samples } = measured;
  const bundle = await step("building the plain Worker", () => bundleWorker(PLAIN, join(workspace.folder, "plain")));
  await step("storing its file", () => storePlainFile(stored.persistFolder, opened.plainFile));
  const plain = await step("starting the plain Worker", () => startPlain(workspace, bundle, stored.persistFolder));
  const counted = await measurePlain(plain, texts);
  const both = { spillway: gateway, plain };
  const largestLogitDifference = await largestDifference(both, texts, { lengths, labels: opened.manifest.labels });
  const speed = await compareSpeed(both, texts, { lengths, samples });
  const weightsMiB = await fileMiB(opened.plainFile);
  return { ...counted, weightsMiB, largestLogitDifference, speed, over: ratios(counted, memory) };
}

/** The plain Worker's isolate, through the same load and the same lengths as the gateway's. */
async function measurePlain(plain: RunningWorker, texts: Texts): Promise<Counted> {
  const inspector = await Inspector.connect(plain);
  try {
    let heapBytes = 0;
    const { rest, load, runs } = watch(inspector, async () => heapBytes);
    const cold = await rest("cold", "cold, no model");
    const loaded = await load("load", "loading the model in the plain Worker", async () => {
      ({ heapBytes } = await loadPlain(plain));
    });
    const later: Reading[] = [];
    for (const tokens of TOKEN_LENGTHS) {
      const encoded = Array.from({ length: RUNS_PER_LENGTH }, (_, seed) => texts.encode(texts.make(tokens, seed)));
      const send = async () => {
        for (const tokenIds of encoded) ({ heapBytes } = await runPlain(plain, tokenIds));
      };
      later.push(await runs(`tokens-${tokens}`, `${RUNS_PER_LENGTH} texts of ${tokens} tokens, plain Worker`, send));
    }
    return count(cold, loaded, later);
  } finally {
    inspector.close();
  }
}

async function fileMiB(file: string): Promise<number> {
  return mib((await stat(file)).size);
}
