/**
 * The manifest of a model package: which files belong to it, and what was measured when it was packed. The SHA-256 of the
 * manifest's bytes is part of the model id, so the id identifies every file of the package.
 */
import * as z from "zod";
import { firstIssue } from "../first-issue.ts";
import { parseJson } from "../json.ts";
import { MAX_LABEL_CHARACTERS, MAX_LABELS, WINDOW_TOKENS } from "../origin-wire.ts";
import type { TextTokenizer } from "../tokenizer/tokenizer.ts";
import { MODEL_NAME } from "./names.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
/** A part of an object's key, which has 1,024 bytes at most in R2. */
const fileName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/i);

const fileSchema = z.strictObject({ name: fileName, sizeBytes: z.int().positive(), sha256: digest });
export type ManifestFile = z.infer<typeof fileSchema>;

/** value(tokens) = base + perToken · tokens + perTokenSquared · tokens² */
const tokenModelSchema = z.strictObject({ base: z.number(), perToken: z.number(), perTokenSquared: z.number() });
export type TokenModel = z.infer<typeof tokenModelSchema>;

const goldenSchema = z.strictObject({
  tokenIds: z.array(z.int().nonnegative()).min(1),
  logits: z.array(z.number()).min(1),
});

/** The engines that run a package's edge model: this project's own (`engine/`), and onnxruntime-web. */
export const EDGE_ENGINES = ["spillway-engine", "onnxruntime-web"] as const;
export type EdgeEngineId = (typeof EDGE_ENGINES)[number];

const MIB = 2 ** 20;

/**
 * Hard limit of the wasm heap in an isolate, for every package: a run that needs more fails, and the isolate survives. The rest of
 * the isolate's 128 MB is for everything else; onnxruntime-web's own code and data are part of it (docs/internals/memory.md).
 */
export const MAX_EDGE_HEAP_BYTES: Readonly<Record<EdgeEngineId, number>> = {
  "spillway-engine": 74 * MIB,
  "onnxruntime-web": 90 * MIB,
};

const edgeSchema = z
  .strictObject({
    file: fileName,
    /** Packages of before spillway-engine do not name their engine. */
    engine: z.enum(EDGE_ENGINES).default("onnxruntime-web"),
    /** Most tokens that this package can run at the edge, special tokens included. */
    maxTokens: z.int().positive(),
    /** Wasm heap that runs of up to `maxTokens` need, weights included; at most MAX_EDGE_HEAP_BYTES of the engine. */
    heapBytes: z.int().positive(),
    /** Wasm heap in bytes that a run of this many tokens needs, weights included. */
    memoryBytes: tokenModelSchema,
    /** Milliseconds that a run of this many tokens takes, measured on the machine that packed. */
    timeMs: tokenModelSchema,
    /** Logits that the engine computed when the package was packed. An isolate that computes others never becomes ready. */
    golden: z.array(goldenSchema).min(1),
    goldenTolerance: z.number().positive(),
  })
  .superRefine(({ engine, heapBytes }, context) => {
    const maxBytes = MAX_EDGE_HEAP_BYTES[engine];
    if (heapBytes <= maxBytes) return;
    const message = `${heapBytes} is more than the ${maxBytes} bytes that ${engine} may use`;
    context.addIssue({ code: "custom", path: ["heapBytes"], message });
  });
/** What one engine needs to serve the package, and what was measured with it. */
export type EdgeEntry = z.infer<typeof edgeSchema>;

/** A model must run windows of at least this many tokens, special tokens included. */
export const MIN_WINDOW_TOKENS = 16;

/** How far an INT8 model's logits are from the FP32 model's, on random texts. */
const logitGapSchema = z.strictObject({
  engine: z.enum(EDGE_ENGINES),
  /** Of |INT8 − FP32|, over all logits. */
  mean: z.number(),
  largest: z.number(),
  /** Standard deviation of the FP32 logits. */
  spread: z.number(),
});
export type AcceptedGap = z.infer<typeof logitGapSchema>;

export const manifestSchema = z
  .strictObject({
    format: z.literal("spillway-model/1"),
    name: z.string().regex(MODEL_NAME),
    /** Increases with each package of a model. A policy's `minVersion` rejects older packages, which are validly signed. */
    version: z.int().min(1),
    /** As in an origin's answer, which has the labels of its package. */
    labels: z
      .array(z.string().min(1).max(MAX_LABEL_CHARACTERS))
      .min(2)
      .max(MAX_LABELS)
      .refine((labels) => new Set(labels).size === labels.length, "each label must be there once"),
    problemType: z.enum(["single_label_classification", "multi_label_classification"]),
    tokenizer: z.strictObject({ file: fileName, configFile: fileName }),
    /** Null in a package for the origin only. */
    edge: edgeSchema.nullable(),
    /** What serves where the runtime has no relaxed SIMD, which spillway-engine needs. Null: such a runtime has no edge. */
    edgeFallback: edgeSchema.nullable().default(null),
    origin: z.strictObject({
      file: fileName,
      /** Most tokens of a window, special tokens included; WINDOW_TOKENS if it is missing, as in packages of before. */
      windowTokens: z.int().min(MIN_WINDOW_TOKENS).optional(),
      /** Milliseconds that such a window takes, measured on the machine that packed. Missing in packages of before. */
      windowMs: z.number().positive().optional(),
    }),
    /** Gaps beyond the packer's bound that were accepted with --accept-gap. */
    acceptedGaps: z.array(logitGapSchema).min(1).optional(),
    /** Pairs are refused, although the tokenizer has a form for them: the model cannot run their token types. */
    acceptsPairs: z.literal(false).optional(),
    files: z.array(fileSchema).min(1),
  })
  .superRefine(({ labels, edge, edgeFallback }, context) => {
    for (const [place, entry] of Object.entries({ edge, edgeFallback })) {
      const index = entry?.golden.findIndex(({ logits }) => logits.length !== labels.length) ?? -1;
      if (index < 0) continue;
      const message = `it has ${entry?.golden[index]?.logits.length} numbers for ${labels.length} labels`;
      context.addIssue({ code: "custom", path: [place, "golden", index, "logits"], message });
    }
    const refuse = (message: string, ...path: string[]) =>
      context.addIssue({ code: "custom", path: ["edgeFallback", ...path], message });
    if (edgeFallback === null) return;
    if (edgeFallback.engine !== "onnxruntime-web") refuse("it must be onnxruntime-web", "engine");
    if (edge?.engine !== "spillway-engine") refuse("only a package whose edge is spillway-engine has a fallback");
    if (edge?.file === edgeFallback.file) refuse("it is the file of edge too", "file");
  });
export type Manifest = z.infer<typeof manifestSchema>;

/** A manifest, or what is wrong with its text as part of a sentence. */
export type ParsedManifest = { ok: true; manifest: Manifest } | { ok: false; problem: string };

/** @param bytes JSON in UTF-8 */
export function parseManifest(bytes: Uint8Array): ParsedManifest {
  const value = parseJson(new TextDecoder().decode(bytes));
  if (value === undefined) return { ok: false, problem: "it is not JSON" };
  const parsed = manifestSchema.safeParse(value);
  return parsed.success ? { ok: true, manifest: parsed.data } : { ok: false, problem: firstIssue(parsed.error) };
}

/** Most tokens of a window at the origin, special tokens included. */
export function windowTokensOf({ origin }: Pick<Manifest, "origin">): number {
  return origin.windowTokens ?? WINDOW_TOKENS;
}

/** The package's tokenizer, which accepts pairs only if the model does too. */
export function tokenizerOf({ acceptsPairs }: Pick<Manifest, "acceptsPairs">, own: TextTokenizer): TextTokenizer {
  return { ...own, acceptsPairs: own.acceptsPairs && acceptsPairs !== false };
}

/** The files that the origin runs: the model and the tokenizer's two files. */
export function originFileNames({ origin, tokenizer }: Manifest): [string, string, string] {
  return [origin.file, tokenizer.file, tokenizer.configFile];
}

/** The files that the edge runs, its fallback's among them; empty for a package without an edge model. */
export function edgeFileNames({ edge, edgeFallback, tokenizer }: Manifest): string[] {
  const models = [edge, edgeFallback].flatMap((entry) => (entry === null ? [] : [entry.file]));
  return edge === null ? [] : [tokenizer.file, tokenizer.configFile, ...models];
}
