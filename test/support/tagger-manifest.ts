/** Manifests of packages that differ in their labels, and in whether the edge can run them. */
import { type Manifest, manifestSchema } from "../../formats/model-package/manifest.ts";

/** A model id with this hex digit as its digest. */
export const id = (digit: string) => `tagger@${digit.repeat(64)}`;

const RISING = { base: 1, perToken: 0, perTokenSquared: 0 };

/** A package for both sides. */
export function manifestWith(labels: readonly string[]): Manifest {
  return manifestSchema.parse({
    ...originOnly(labels),
    edge: {
      ...{ file: "edge.bin", engine: "spillway-engine", maxTokens: 256, heapBytes: 1 },
      ...{ memoryBytes: RISING, timeMs: RISING, goldenTolerance: 0.1 },
      golden: [{ tokenIds: [1], logits: labels.map((_, index) => index) }],
    },
  });
}

/** A package for the origin only. */
export function originOnly(labels: readonly string[]): Manifest {
  return manifestSchema.parse({
    format: "spillway-model/1",
    name: "tagger",
    version: 1,
    labels,
    problemType: "single_label_classification",
    tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
    edge: null,
    origin: { file: "origin.onnx" },
    files: [{ name: "origin.onnx", sizeBytes: 1, sha256: "0".repeat(64) }],
  });
}
