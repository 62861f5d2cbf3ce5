/** A package for spillway-engine with random weights, in the test's own R2: the mail tagger's tokenizer and labels, a small encoder. */
import { env } from "cloudflare:workers";
import { createEngine } from "../../../engine/create-engine.ts";
import engineWasm from "../../../engine/dist/engine.wasm";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import type { TextInput } from "../../../engine/encoder/texts.ts";
import { quantizeEncoder } from "../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../engine/pack/write-weights.ts";
import { floatModel } from "../../../engine/reference/float-model.ts";
import { runReference } from "../../../engine/reference/run-reference.ts";
import { DISTILBERT, randomEncoder, randomIds } from "../../../engine/sample/random-encoder.ts";
import type { EdgeEntry } from "../../../formats/model-package/manifest.ts";
import { MANIFEST_FILE, modelIdOf, objectKey } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { mailTaggerFile, mailTaggerManifest, ortEntry, sign } from "./packages.ts";

export const WEIGHTS_FILE = "edge.weights";
/** Ids of the mail tagger's tokenizer are below it. */
const VOCABULARY = 30_522;
/** So that segments change an answer by more than INT8 does. */
const SEGMENT_FACTOR = 8;

export interface EnginePackage {
  modelId: string;
  /** The logits of each text when it runs by itself, as the packer's engine computes them. */
  logitsOf(tokenIds: readonly number[]): Float32Array;
  /** The FP32 model's logits of the same weights, as an origin computes them. */
  referenceOf(text: TextInput): Float32Array;
}

export interface PackageOptions {
  /** Other weights for another seed. */
  seed?: number;
  /** More layers take longer. */
  layers?: number;
  width?: number;
  /** Kinds of segments. Default 1: none, as in DistilBERT. */
  tokenTypes?: number;
  /** Replaces parts of the mail tagger's tokenizer.json. */
  tokenizer?: object;
  /** Changes the manifest before it is signed. */
  bend?(edge: EdgeEntry): void;
  /** Changes the weights before they are listed in the manifest: a faulty packer. */
  bendWeights?(bytes: Uint8Array): Uint8Array;
  /** Adds the mail tagger's own edge entry as the fallback. */
  fallback?: boolean;
}

interface Shape {
  seed: number;
  layers: number;
  width: number;
  tokenTypes: number;
  labels: number;
}

/** Of the last two shapes: to make one takes longer than most tests. */
const packed = new Map<string, ReturnType<typeof pack>>();

function packedOnce(shape: Shape): ReturnType<typeof pack> {
  const key = JSON.stringify(shape);
  const known = packed.get(key) ?? pack(shape);
  packed.delete(key);
  packed.set(key, known);
  for (const oldest of [...packed.keys()].slice(0, -2)) packed.delete(oldest);
  return known;
}

function pack({ seed, layers, width, tokenTypes, labels }: Shape) {
  const architecture = {
    ...DISTILBERT,
    vocabulary: VOCABULARY,
    tokenTypes,
    embeddingWidth: width,
    width,
    heads: 4,
    headSize: width / 4,
    feedForward: 4 * width,
    layers,
    labels,
  };
  const random = randomEncoder(architecture, { seed });
  const weights = { ...random, kinds: random.kinds?.map((value) => value * SEGMENT_FACTOR) ?? null };
  const { bytes } = writeWeights(quantizeEncoder(weights));
  const engine = createEngine(engineWasm);
  const loading = engine.load({ maxTokens: 512 });
  loading.write(bytes);
  const encoder = loading.finish();
  const logitsOf = (tokenIds: readonly number[]) => runToEnd(encoder.run([{ ids: tokenIds }]))[0] ?? new Float32Array();
  return { architecture, weights, bytes, heapBytes: engine.memoryBytes(), logitsOf };
}

/** Packs, signs and publishes. */
export async function publishEnginePackage(options: PackageOptions = {}): Promise<EnginePackage> {
  const { seed = 1, layers = 2, width = 64, tokenTypes = 1, bend, bendWeights, fallback = false } = options;
  const manifest = await mailTaggerManifest();
  const { architecture, weights, bytes, heapBytes, logitsOf } = packedOnce({
    seed,
    layers,
    width,
    tokenTypes,
    labels: manifest.labels.length,
  });

  const stored = bendWeights?.(bytes.slice()) ?? bytes;
  const edge: EdgeEntry = {
    file: WEIGHTS_FILE,
    engine: "spillway-engine",
    maxTokens: 512,
    heapBytes,
    memoryBytes: { base: heapBytes, perToken: 0, perTokenSquared: 0 },
    timeMs: { base: 0.1, perToken: 0.05, perTokenSquared: 0 },
    golden: [4, 32].map((count) => {
      const tokenIds = randomIds(architecture, count, count);
      return { tokenIds, logits: Array.from(logitsOf(tokenIds)) };
    }),
    goldenTolerance: 1e-3,
  };
  bend?.(edge);
  const listed = { name: WEIGHTS_FILE, sizeBytes: stored.byteLength, sha256: sha256Hex(stored) };
  const ort = await ortEntry();
  const ortListed = { name: ort.edge.file, sizeBytes: ort.content.byteLength, sha256: sha256Hex(ort.content) };
  const { tokenizer } = manifest;
  const tokenizerFile = await tokenizerWith(options.tokenizer ?? {}, tokenizer.file);
  const replaced = [manifest.edge.file, tokenizer.file];
  const kept = manifest.files.filter(({ name }) => !replaced.includes(name));
  const tokenizerListed = {
    name: tokenizer.file,
    sizeBytes: tokenizerFile.byteLength,
    sha256: sha256Hex(tokenizerFile),
  };
  const files = [...kept, tokenizerListed, listed, ...(fallback ? [ortListed] : [])];
  const text = JSON.stringify({ ...manifest, edge, edgeFallback: fallback ? ort.edge : null, files });
  const manifestBytes = new TextEncoder().encode(text);
  const modelId = modelIdOf(manifest.name, sha256Hex(manifestBytes));
  const put = (name: string, content: Uint8Array) => env.MODELS.put(objectKey(modelId, name), content);
  await put(MANIFEST_FILE, manifestBytes);
  await put(WEIGHTS_FILE, stored);
  if (fallback) await put(ort.edge.file, ort.content);
  await put(tokenizer.file, tokenizerFile);
  await put(tokenizer.configFile, await mailTaggerFile(tokenizer.configFile));
  await sign(modelId, [...files, { name: MANIFEST_FILE, sha256: sha256Hex(manifestBytes) }]);
  return { modelId, logitsOf, referenceOf: (text) => runReference(floatModel(weights), text) };
}

/** The mail tagger's tokenizer with other parts. */
async function tokenizerWith(parts: object, file: string): Promise<Uint8Array> {
  const own = await mailTaggerFile(file);
  if (Object.keys(parts).length === 0) return own;
  return new TextEncoder().encode(JSON.stringify({ ...JSON.parse(new TextDecoder().decode(own)), ...parts }));
}
