/** Manifests of packages that differ in their labels only. */
import { type Manifest, manifestSchema } from "../../../../../formats/model-package/manifest.ts";

/** A model id with this hex digit as its digest. */
export const id = (digit: string) => `tagger@${digit.repeat(64)}`;

/** A package for the origin only. */
export function manifestWith(labels: readonly string[]): Manifest {
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
