/** Loads the origin's model from its package. */
import { tokenizerOf, windowTokensOf } from "../formats/model-package/manifest.ts";
import { type FullWindow, fullWindowOf } from "../formats/model-package/window-time.ts";
import type { OriginAnswer } from "../formats/origin-wire.ts";
import { loadTokenizer, runSteps } from "../formats/tokenizer/load-tokenizer.ts";
import type { TextTokenizer } from "../formats/tokenizer/tokenizer.ts";
import { createInference, type Infer } from "./infer.ts";
import { type PackageSettings, readSignedPackage } from "./signed-package.ts";
import type { Timed } from "./telemetry/init-clock.ts";

/** A verified model, ready to run. */
export interface Model {
  id: string;
  labels: string[];
  problemType: OriginAnswer["problemType"];
  tokenizer: Omit<TextTokenizer, "vocabularyBytes">;
  /** Most tokens of a window, special tokens included. */
  windowTokens: number;
  /** Null if the package states no time. */
  fullWindow: FullWindow | null;
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
    const tokenizer = await timed("load tokenizer", () =>
      tokenizerOf(files.manifest, runSteps(loadTokenizer(files.tokenizer, files.tokenizerConfig))),
    );
    const infer = await timed("load model", () => createInference(files.model, labels.length));
    const windows = { windowTokens: windowTokensOf(files.manifest), fullWindow: fullWindowOf(files.manifest) };
    return { ok: true, model: { id: files.modelId, labels, problemType, tokenizer, ...windows, infer } };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
