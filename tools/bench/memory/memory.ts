/** Bench `memory`: what the gateway's isolate holds, from empty to well used, beside its budget and beside the plain way. */
import { join } from "node:path";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { PLAIN_OPTION, withPlain } from "../plain/client.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { startGateway } from "../system/gateway.ts";
import { startOrigin } from "../system/origin.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import { startSink } from "../system/sink.ts";
import { storePackage } from "../system/stored-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { LIMIT_MIB } from "./account.ts";
import { fileMiB, measureBeside } from "./beside.ts";
import { measureGateway, TOKEN_LENGTHS } from "./gateway-memory.ts";
import { heapParts } from "./heap-parts.ts";
import { BUDGET_MIB, broken, type MemoryResult, memoryTables, notes } from "./report.ts";

const BENCH_MAX_MS = 30 * 60_000;
/** A pair of texts at DistilBERT's size, with an origin that shares two busy CPUs. */
const ALTERNATION_MAX_MS = 6000;
const REQUESTS = { min: 20, max: 10_000, fallback: 1000 };
const ALTERNATIONS = { min: 1, max: 10_000, fallback: 100 };
const SAMPLES = { min: 10, max: 1000, fallback: 30 };
/** The policy leaves the choice to the package and its heap. */
const POLICY = { edge: { maxTokens: 512 } };

interface MemoryOptions {
  requests: number;
  alternations: number;
  samples: number;
  plain: boolean;
}

export const memoryBench: Bench = {
  name: "memory",
  summary: "memory of the gateway's isolate from cold to well used, beside its budget and the plain way",
  options: {
    ...MODEL_OPTION,
    ...PLAIN_OPTION,
    requests: { type: "string" },
    alternations: { type: "string" },
    samples: { type: "string" },
  },
  async run(values: OptionValues) {
    const asked = {
      requests: wholeNumber(values, "requests", REQUESTS),
      alternations: wholeNumber(values, "alternations", ALTERNATIONS),
      samples: wholeNumber(values, "samples", SAMPLES),
      plain: withPlain(values),
    };
    const opened = await openPackage(values);
    const atMostMs = BENCH_MAX_MS + asked.alternations * ALTERNATION_MAX_MS;
    const sink = await startSink();
    return withWorkspace(atMostMs, (workspace) => run(workspace, opened, sink.url, asked)).finally(sink.close);
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  otlpEndpoint: string,
  asked: MemoryOptions,
): Promise<Report> {
  const { maxTokens } = opened.edge;
  const edgeFile = join(opened.folder, opened.edge.file);
  const lengths = TOKEN_LENGTHS.filter((tokens) => tokens <= maxTokens);
  const texts = await textsOf(opened);
  const parts = await step("measuring the parts of its heap", () => heapParts(edgeFile, lengths));
  const credentials = newCredentials();
  const bundle = await step("building the gateway", () => bundleWorker(GATEWAY, join(workspace.folder, "gateway")));
  const originUrl = await step("starting the origin", () =>
    startOrigin(workspace, { modelFolder: opened.folder, credentials, warmInstances: 1 }),
  );
  const stored = await step("publishing the package", () => storePackage(join(workspace.folder, "stored"), opened));
  const gateway = await step("starting the gateway", () =>
    startGateway(workspace, { name: "gateway", bundle, stored, originUrl, credentials, policy: POLICY, otlpEndpoint }),
  );
  const memory = await measureGateway(gateway, texts, { maxTokens, ...asked });
  const problem = broken(memory);

  const plain = asked.plain
    ? await measureBeside(workspace, { gateway, memory, stored, opened, texts, lengths, samples: asked.samples })
    : null;
  const result: MemoryResult = {
    model: shortModelId(opened.modelId),
    maxTokens,
    limitMiB: LIMIT_MIB,
    budgetMiB: BUDGET_MIB,
    holds: problem === null,
    weightsMiB: await fileMiB(edgeFile),
    heapParts: parts,
    ...memory,
    plain,
  };
  return { result, tables: memoryTables(result), notes: notes(result), problem };
}
