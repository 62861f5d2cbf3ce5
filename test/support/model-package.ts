/** A complete model package in a folder, with a model and a tokenizer that are small enough to check by hand. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../formats/model-package/manifest.ts";
import { MANIFEST_FILE, modelIdOf } from "../../formats/model-package/names.ts";
import { sha256Hex } from "../../formats/sha256.ts";
import { tinyOnnx } from "./tiny-onnx.ts";

/** Every word is one token; a word that is not here is `[UNK]`. */
export const TINY_VOCABULARY = { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, ham: 4, spam: 5, "##s": 6 } as const;

export type TinyPackage = { folder: string; modelId: string; manifest: Manifest };

/** Writes the package. @param options.tokenizer replaces keys of the tokenizer. @param options.bend changes the manifest before it is written, to make an invalid package */
export async function writeTinyPackage(
  folder: string,
  options: { model?: Uint8Array; tokenizer?: object; bend?: (manifest: Manifest) => Manifest } = {},
): Promise<TinyPackage> {
  const files: Record<string, Uint8Array> = {
    "edge.ort": Buffer.from("not run by the origin"),
    "model.onnx": options.model ?? tinyOnnx(),
    "tokenizer.json": Buffer.from(JSON.stringify({ ...tinyTokenizer(), ...options.tokenizer })),
    "tokenizer_config.json": Buffer.from(
      JSON.stringify({ tokenizer_class: "DistilBertTokenizer", do_lower_case: true }),
    ),
  };
  const manifest = (options.bend ?? ((same: Manifest) => same))(manifestOf(files));
  const manifestBytes = Buffer.from(JSON.stringify(manifest));
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries({ ...files, [MANIFEST_FILE]: manifestBytes })) {
    await writeFile(join(folder, name), content);
  }
  return { folder, modelId: modelIdOf(manifest.name, sha256Hex(manifestBytes)), manifest };
}

/** For `bend`: the package as `model pack --origin-only` makes it. */
export function withoutEdge(manifest: Manifest): Manifest {
  return { ...manifest, edge: null, files: manifest.files.filter(({ name }) => name !== "edge.ort") };
}

function manifestOf(files: Record<string, Uint8Array>): Manifest {
  const nothing = { base: 0, perToken: 0, perTokenSquared: 0 };
  return {
    format: "spillway-model/1",
    name: "tiny",
    version: 1,
    labels: ["ham", "spam"],
    problemType: "single_label_classification",
    tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
    edge: {
      file: "edge.ort",
      engine: "onnxruntime-web",
      maxTokens: 256,
      heapBytes: 1 << 20,
      memoryBytes: nothing,
      timeMs: nothing,
      golden: [{ tokenIds: [2, 3], logits: [5, 2] }],
      goldenTolerance: 0.01,
    },
    edgeFallback: null,
    origin: { file: "model.onnx" },
    files: Object.entries(files).map(([name, content]) => ({
      name,
      sizeBytes: content.length,
      sha256: sha256Hex(content),
    })),
  };
}

function tinyTokenizer(): object {
  const special = (content: string) => ({
    id: TINY_VOCABULARY[content as keyof typeof TINY_VOCABULARY],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(special),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "BertProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2] },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: TINY_VOCABULARY,
    },
  };
}
