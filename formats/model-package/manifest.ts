/**
 * The manifest of a model package: what is in the folder, and what was measured when it was packed.
 * The SHA-256 of the manifest's bytes is the digest that names the package everywhere (`<name>@<digest>`).
 */
import { z } from "zod";

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i);

const fileSchema = z.strictObject({ name: fileName, sizeBytes: z.int().positive(), sha256: sha256Hex });

/** value(tokens) = base + perToken · tokens + perTokenSquared · tokens² */
const tokenModelSchema = z.strictObject({ base: z.number(), perToken: z.number(), perTokenSquared: z.number() });
export type TokenModel = z.infer<typeof tokenModelSchema>;

const goldenSchema = z.strictObject({
  tokenIds: z.array(z.int().nonnegative()).min(1),
  logits: z.array(z.number()).min(1),
});

/**
 * The isolate's hard limit for the wasm heap, whichever package it runs: past it a run fails instead of the isolate. Of its
 * 128 MB it leaves 38 MiB for everything else, of which 12 to 22 are used; see docs/internals/memory.md.
 */
export const EDGE_HEAP_MAX_BYTES = 90 * 2 ** 20;

const edgeSchema = z.strictObject({
  file: fileName,
  /** The most tokens this package may run at the edge, special tokens included. */
  maxTokens: z.int().positive(),
  /** The wasm heap that runs of up to `maxTokens` need, weights included, as it was measured. */
  heapBytes: z.int().positive().max(EDGE_HEAP_MAX_BYTES),
  /** Wasm heap in bytes that a run of so many tokens needs, weights included. */
  memoryBytes: tokenModelSchema,
  /** Milliseconds of one run of so many tokens, measured where the package was packed. */
  timeMs: tokenModelSchema,
  /** Computed by onnxruntime-web when the package was packed; an isolate that disagrees never becomes ready. */
  golden: z.array(goldenSchema).min(1),
  goldenTolerance: z.number().positive(),
});

export const manifestSchema = z.strictObject({
  format: z.literal("spillway-model/1"),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  /** Counts a model's packages up: a policy's `minVersion` keeps older ones, signed as they are, from being put back. */
  version: z.int().min(1),
  labels: z.array(z.string().min(1)).min(2),
  problemType: z.enum(["single_label_classification", "multi_label_classification"]),
  tokenizer: z.strictObject({ file: fileName, configFile: fileName }),
  /** Null in a package for the origin alone. */
  edge: edgeSchema.nullable(),
  origin: z.strictObject({ file: fileName }),
  files: z.array(fileSchema).min(1),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The short form for headers and people: `<name>@<first 12 hex>`. */
export function shortModelId(modelId: string): string {
  const at = modelId.indexOf("@");
  return `${modelId.slice(0, at)}@${modelId.slice(at + 1, at + 13)}`;
}

/** Where a package's file lives in the bucket. */
export function objectKey(modelId: string, file: string): string {
  return `models/${modelId.replace("@", "/")}/${file}`;
}
