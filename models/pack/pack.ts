/** A model folder → a package: files for both sides, what was measured, and a manifest that names every byte. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Manifest, manifestSchema } from "../manifest.ts";
import { openEdgeModel } from "./edge-runtime.ts";
import { measureMemory, measureTime, sampleIds } from "./measure.ts";
import { readSourceFolder } from "./source-folder.ts";
import { toOrt } from "./to-ort.ts";

const MIB = 2 ** 20;
/** Of the isolate's 128 MB: what is left beside V8's heap, the Worker's code and requests in flight. */
const HEAP_CAP_BYTES = 96 * MIB;
/** A used heap is more fragmented than a measured one. */
const HEAP_SLACK = 1.1;
const EDGE_TOKENS_MAX = 256;
const GOLDEN_TOKENS = [4, 16, 32] as const;
/** The same wasm computes the same bits everywhere; this allows for a later ONNX Runtime that rounds otherwise. */
const GOLDEN_TOLERANCE = 1e-3;
const PAGE_BYTES = 65_536;

export interface Packed {
  modelId: string;
  manifest: Manifest;
}

/** Writes the package into `out`, whole or not at all. @throws Error with one sentence for people. */
export async function packModel(
  name: string,
  folder: string,
  out: string,
  say: (line: string) => void,
): Promise<Packed> {
  const source = await readSourceFolder(folder);
  say("converting the edge model to ORT format");
  const ort = await toOrt(source.files.edge);
  const maxTokens = Math.min(EDGE_TOKENS_MAX, source.maxPositions);
  say("measuring the heap it needs");
  const counts = [16, 64, 128, 256].map((tokens) => Math.min(tokens, maxTokens));
  const memory = await measureMemory(ort, source.vocabularySize, counts);
  const neededBytes = Math.max(...memory.points.map(({ value }) => value)) * HEAP_SLACK;
  if (neededBytes > HEAP_CAP_BYTES) {
    throw new Error(
      `${name} needs ${(neededBytes / MIB).toFixed(1)} MiB of heap for ${maxTokens} tokens; the edge has ${HEAP_CAP_BYTES / MIB} MiB. Use a smaller model.`,
    );
  }
  say("measuring the time it takes");
  const time = await measureTime(ort, source.vocabularySize, counts);
  const heapBytes = Math.ceil(neededBytes / PAGE_BYTES) * PAGE_BYTES;
  const limits = { initialBytes: heapBytes, maximumBytes: heapBytes };
  const model = await openEdgeModel(ort, limits);
  const golden = GOLDEN_TOKENS.map((tokens) => {
    const tokenIds = sampleIds(tokens, source.vocabularySize);
    return { tokenIds, logits: Array.from(model.run(tokenIds)) };
  });

  const contents = {
    "edge.ort": ort,
    "origin.onnx": await readFile(source.files.origin),
    "tokenizer.json": await readFile(source.files.tokenizer),
    "tokenizer_config.json": await readFile(source.files.tokenizerConfig),
  };
  const manifest = manifestSchema.parse({
    format: "spillway-model/1",
    name,
    labels: source.labels,
    problemType: source.problemType,
    tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
    edge: {
      file: "edge.ort",
      maxTokens,
      heap: limits,
      memoryBytes: memory.model,
      timeMs: time.model,
      golden,
      goldenTolerance: GOLDEN_TOLERANCE,
    },
    origin: { file: "origin.onnx" },
    files: Object.entries(contents).map(([file, bytes]) => ({
      name: file,
      sizeBytes: bytes.byteLength,
      sha256: sha256(bytes),
    })),
  } satisfies Manifest);
  const manifestText = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeWhole(out, { ...contents, "manifest.json": new TextEncoder().encode(manifestText) });
  return { modelId: `${name}@${sha256(new TextEncoder().encode(manifestText))}`, manifest };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Into a folder beside, then renamed file by file: what is readable in `out` is always complete. */
async function writeWhole(out: string, files: Record<string, Uint8Array>): Promise<void> {
  const staging = join(dirname(out), `.packing-${process.pid}`);
  await mkdir(staging, { recursive: true });
  try {
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(staging, name), bytes);
    await mkdir(out, { recursive: true });
    for (const name of Object.keys(files)) await rename(join(staging, name), join(out, name));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
