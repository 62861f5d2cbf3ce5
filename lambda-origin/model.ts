/** Loads the origin's model from its package. */
import { createTokenizer, type TextTokenizer } from "../formats/model-package/tokenizer.ts";
import type { OriginAnswer } from "../formats/origin-wire.ts";
import { createInference, type Infer } from "./infer.ts";
import { type PackageSettings, readSignedPackage } from "./signed-package.ts";
import type { Timed } from "./telemetry/init-clock.ts";
import { type Frame, frameOf } from "./windows.ts";

/** A verified model, ready to run. */
export interface Model {
  id: string;
  labels: string[];
  problemType: OriginAnswer["problemType"];
  tokenizer: TextTokenizer;
  frame: Frame;
  infer: Infer;
}

/** `reason` is a sentence for the operator. */
export type LoadedModel = { ok: true; model: Model } | { ok: false; reason: string };

/**
 * Never throws: a process without a model still answers, with 503.
 * @param timed runs a part of the load and records how long it took
 */
export async function loadModel(
  settings: PackageSettings,
  timed: Timed = async (_, work) => work(),
): Promise<LoadedModel> {
  try {
    const files = await timed("verify package", () => readSignedPackage(settings));
    const { labels, problemType } = files.manifest;
    const { tokenizer, frame } = await timed("load tokenizer", () => {
      const made = createTokenizer(files.tokenizer, files.tokenizerConfig);
      return { tokenizer: made, frame: frameOf(made) };
    });
    const infer = await timed("load model", () => createInference(files.model, labels.length));
    return { ok: true, model: { id: files.modelId, labels, problemType, tokenizer, frame, infer } };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
