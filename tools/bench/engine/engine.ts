/** Bench `engine`: the engine and stock onnxruntime-web in workerd, native ONNX Runtime on one thread, on the same texts. */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { multiplyAdds } from "../../../engine/bench/work.ts";
import { decodeHeader, PREAMBLE_BYTES, readHeaderBytes } from "../../../engine/format/header.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { PLAIN } from "../plain/client.ts";
import { type EdgePackage, MODEL_OPTION, openPackage } from "../system/package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { compareAccuracy } from "./accuracy.ts";
import { measureBatches } from "./batches.ts";
import { nativeRunner } from "./native.ts";
import { engineResult, engineTables, NOTES, type PartTimes, problemOf } from "./report.ts";
import { LENGTHS, measureRunners } from "./runners.ts";
import { ENGINE, startRunner } from "./start-runner.ts";

const MAX_BENCH_MS = 40 * 60_000;
const ROUNDS = { min: 3, max: 200, fallback: 12 };
/** Compared for accuracy; the mail tagger has fewer held-out mails. */
const MAX_ACCURACY_TEXTS = 2000;
const TEXTS = { min: 1, max: MAX_ACCURACY_TEXTS, fallback: MAX_ACCURACY_TEXTS };
/** workerd checks the bounds of each access to wasm memory in software; Node does with this flag. */
const NODE_AS_WORKERD = ["--wasm-enforce-bounds-checks"];

export const engineBench: Bench = {
  name: "engine",
  summary: "the engine against stock onnxruntime-web in workerd and against native ONNX Runtime; accuracy against FP32",
  options: {
    ...MODEL_OPTION,
    rounds: numberOption("rounds per length", ROUNDS),
    texts: numberOption("texts of the accuracy comparison", TEXTS),
  },
  quick: { rounds: "3", texts: "60" },
  async run(values: OptionValues) {
    const rounds = wholeNumber(values, "rounds", ROUNDS);
    const maxTexts = wholeNumber(values, "texts", TEXTS);
    const opened = await openPackage(values);
    if (opened.edge.engine !== "spillway-engine") {
      throw new Error(`${opened.folder} is packed for ${opened.edge.engine}; this bench measures spillway-engine.`);
    }
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, opened, { rounds, maxTexts }));
  },
};

async function run(
  workspace: Workspace,
  opened: EdgePackage,
  { rounds, maxTexts }: { rounds: number; maxTexts: number },
): Promise<Report> {
  const { folder, edge, manifest } = opened;
  const weights = join(folder, edge.file);
  const architecture = await readArchitecture(weights);
  const texts = await textsOf(opened);
  const engine = await startRunner(workspace, { name: "engine", source: ENGINE, file: weights });
  const stock = await startRunner(workspace, { name: "stock", source: PLAIN, file: opened.plainFile });
  const int8 = await step("opening the INT8 model in native ONNX Runtime", () => nativeRunner(opened.plainFile));
  const fp32File = join(folder, manifest.origin.file);
  const fp32 = await step("opening the FP32 model in native ONNX Runtime", () => nativeRunner(fp32File));

  const lengths = LENGTHS.filter((tokens) => tokens <= edge.maxTokens);
  const inputs = lengths.map((tokens) => texts.encode(texts.make(tokens, tokens)));
  const times = await step(`measuring ${lengths.join(", ")} tokens, ${rounds} rounds`, () =>
    measureRunners({ engine: engine.run, stock: stock.run, nativeInt8: int8, nativeFp32: fp32 }, inputs, rounds),
  );
  const batches = await step("measuring short texts together and one after another", () =>
    measureBatches(engine.worker, (tokens, seed) => texts.encode(texts.make(tokens, seed)), rounds),
  );
  const accuracy = await compareAccuracy({ engine: engine.run, stock: stock.run, fp32 }, opened, maxTexts);
  const parts = await step("timing the engine's parts in Node", () => measureParts(weights));
  const result = engineResult({
    model: shortModelId(opened.modelId),
    rounds,
    weightBytes: (await stat(weights)).size,
    times: times.map(({ input, samples }) => ({ tokens: input.length, samples })),
    batches,
    multiplyAdds: (tokens) => multiplyAdds(architecture, tokens),
    accuracy: [accuracy],
    parts,
    load: { engine: engine.load, stock: stock.load },
  });
  return { result, tables: engineTables(result), notes: NOTES, problem: problemOf(result) };
}

async function readArchitecture(file: string) {
  const bytes = await readFile(file);
  const headerBytes = readHeaderBytes(bytes.subarray(0, PREAMBLE_BYTES));
  return decodeHeader(bytes.subarray(0, headerBytes)).architecture;
}

/** Runs the engine's own measurement, in a process whose wasm memory is checked as in workerd. */
async function measureParts(weights: string): Promise<PartTimes[]> {
  const command = [...NODE_AS_WORKERD, "engine/bench/in-node.ts", weights, "512", "0"];
  const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 16 * 2 ** 20 });
  return JSON.parse(stdout).parts;
}
