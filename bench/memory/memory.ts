/** Bench `memory`: what the gateway's isolate holds, from empty to well used, beside the platform's limit. */
import { shortModelId } from "../../models/manifest.ts";
import { newCredentials } from "../../tools/start/credentials.ts";
import { step } from "../../tools/start/progress.ts";
import { wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { mib } from "../statistics.ts";
import { bundleGateway } from "../system/bundle.ts";
import { edgeReady, edgeState } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { openPackage } from "../system/package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { type Accounted, account, backingIncludesWasm, LIMIT_MIB } from "./account.ts";
import { type HeapUsage, Inspector } from "./inspector.ts";
import { runAtEdge, sendMixed } from "./load.ts";
import { mixedBody } from "./mixed-requests.ts";
import { type Sampled, sampleWhile } from "./sampler.ts";

const BENCH_MAX_MS = 15 * 60_000;
const MIXED_MAX_MS = 6 * 60_000;
const TOKEN_LENGTHS = [64, 128, 256] as const;
const RUNS_PER_LENGTH = 20;
const REQUESTS = { min: 20, max: 10_000, fallback: 1000 };
const SAMPLE_LOAD_EVERY_MS = 20;
const SAMPLE_RUNS_EVERY_MS = 100;

/** One stage as it was read; how the wasm heap is counted is known only after the load. */
interface Reading {
  stage: string;
  after: HeapUsage;
  wasmHeapBytes: number;
  sampled: Sampled | null;
}

interface Stage {
  stage: string;
  after: Accounted;
  /** Null where nothing was going on. */
  peak: (Accounted & { v8TakenMiB: number; readings: number; longestGapMs: number }) | null;
}

export const memoryBench: Bench = {
  name: "memory",
  summary: "memory of the gateway's isolate: cold, loading, loaded, after runs and mixed requests",
  options: { requests: { type: "string" } },
  run(values: OptionValues) {
    const requests = wholeNumber(values, "requests", REQUESTS);
    return withWorkspace(BENCH_MAX_MS, (workspace) => run(workspace, requests));
  },
};

async function run(workspace: Workspace, requests: number): Promise<Report> {
  const opened = await openPackage();
  const { maxTokens } = opened.edge;
  const makeText = await textsOf(opened);
  const credentials = newCredentials();
  const script = await step("building the gateway", () => bundleGateway(workspace.folder));
  const originUrl = await step("starting the origin", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 1 }),
  );
  const gateway = await step("starting the gateway", () =>
    startGateway(workspace, { name: "gateway", script, opened, originUrl, credentials, policy: null }),
  );
  const inspector = await Inspector.connect(gateway);
  try {
    const read = async (stage: string, sampled: Sampled | null, wasmHeapBytes: number): Promise<Reading> => {
      return { stage, after: await inspector.heapUsage(), wasmHeapBytes, sampled };
    };
    const observe = (stage: string, everyMs: number, work: () => Promise<unknown>) =>
      step(stage, async () => {
        const sampled = await sampleWhile(inspector, everyMs, work);
        return read(stage, sampled, (await edgeState(gateway)).heapBytes);
      });

    const cold = await read("cold, no model", null, 0);
    const loaded = await observe("loading the model", SAMPLE_LOAD_EVERY_MS, () => edgeReady(gateway));
    const runs: Reading[] = [];
    for (const tokens of TOKEN_LENGTHS.filter((length) => length <= maxTokens)) {
      const texts = Array.from({ length: RUNS_PER_LENGTH }, (_, seed) => makeText(tokens, seed));
      const stage = `${RUNS_PER_LENGTH} runs of ${tokens} tokens`;
      runs.push(await observe(stage, SAMPLE_RUNS_EVERY_MS, () => runAtEdge(gateway, texts)));
    }
    const bodies = Iterator.from(Array(requests).keys()).map((index) => mixedBody(index, maxTokens, makeText));
    let answers: Record<string, number> = {};
    const mixed = await observe(`${requests} mixed requests`, SAMPLE_RUNS_EVERY_MS, async () => {
      answers = await sendMixed(gateway, bodies, MIXED_MAX_MS);
    });

    const includesWasm = backingIncludesWasm(cold.after, loaded.after, loaded.wasmHeapBytes);
    const stages = [cold, loaded, ...runs, mixed].map((reading) => toStage(reading, includesWasm));
    const peakMiB = Math.max(...stages.map(({ after, peak }) => Math.max(after.totalMiB, peak?.totalMiB ?? 0)));
    const result = {
      model: shortModelId(opened.modelId),
      limitMiB: LIMIT_MIB,
      peakMiB,
      stages,
      mixed: { asked: requests, answers },
      wasm: countedHow(includesWasm, cold, loaded),
    };
    return { result, tables: [memoryTable(stages)], notes: notes(includesWasm) };
  } finally {
    inspector.close();
  }
}

function toStage({ stage, after, wasmHeapBytes, sampled }: Reading, includesWasm: boolean): Stage {
  const { peak, peakTotalSizeBytes, readings, longestGapMs } = sampled ?? {};
  return {
    stage,
    after: account(after, wasmHeapBytes, includesWasm),
    peak:
      peak === undefined
        ? null
        : {
            ...account(peak, wasmHeapBytes, includesWasm),
            v8TakenMiB: mib(peakTotalSizeBytes ?? 0),
            readings: readings ?? 0,
            longestGapMs: longestGapMs ?? 0,
          },
  };
}

/** The measurement behind the way of counting. */
function countedHow(includesWasm: boolean, cold: Reading, loaded: Reading) {
  return {
    heapMiB: mib(loaded.wasmHeapBytes),
    backingStorageColdMiB: mib(cold.after.backingStorageSize),
    backingStorageLoadedMiB: mib(loaded.after.backingStorageSize),
    backingStorageIncludesIt: includesWasm,
  };
}

function notes(includesWasm: boolean): string[] {
  const counting = includesWasm
    ? "V8's backingStorageSize grew by the whole wasm heap while loading, so the heap is subtracted from it."
    : "V8's backingStorageSize did not grow by the wasm heap while loading (V8 leaves shared memory out), so the heap is added to it.";
  return [
    "total = wasm heap (memory.buffer.byteLength) + the inspector's usedSize + embedderHeapUsedSize + backingStorageSize of the Worker's isolate.",
    counting,
    "usedSize includes garbage not yet collected; nothing is collected by force.",
    "A peak takes the wasm heap at the size it had after the stage, also before it was allocated: never too little.",
    "The isolate's thread answers no reading while it works: longestGapMs says how long nothing was seen, v8TakenMiB what V8's heap had taken at most, used or not.",
    "Not counted, because V8 reports it for no isolate: the compiled code and the bytes of the wasm module. workerd enforces no limit locally.",
  ];
}

function memoryTable(stages: readonly Stage[]) {
  const header = ["after", "wasm", "V8 used", "embedder", "buffers", "total", "peak", `of ${LIMIT_MIB} MiB`];
  const rows = stages.map(({ stage, after, peak }) => [
    stage,
    after.wasmHeapMiB,
    after.v8UsedMiB,
    after.embedderMiB,
    after.backingStorageMiB,
    after.totalMiB,
    peak?.totalMiB ?? after.totalMiB,
    `${Math.round((100 * (peak?.totalMiB ?? after.totalMiB)) / LIMIT_MIB)} %`,
  ]);
  return { title: "Memory of the gateway's isolate in MiB", header, rows };
}
