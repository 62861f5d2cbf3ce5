import type { OriginAnswer } from "../formats/origin-wire.ts";
import { createInference, type Infer } from "./infer.ts";
import { type PackageSource, readSignedPackage } from "./signed-package.ts";
import type { Timed } from "./telemetry/init-clock.ts";
import { createTokenizer, type TextTokenizer } from "./tokenize.ts";

/** A verified model, ready to run. */
export type Model = {
  id: string;
  labels: string[];
  problemType: OriginAnswer["problemType"];
  tokenizer: TextTokenizer;
  infer: Infer;
};

/** Loading never throws: a process without a model still answers, with 503, and tells its operator why. */
export type LoadedModel = { ok: true; model: Model } | { ok: false; reason: string };

/** `timed` is told of the parts: what reading and verifying took, and what making a tokenizer and a session of it. */
export async function loadModel(source: PackageSource, timed: Timed = async (_, work) => work()): Promise<LoadedModel> {
  try {
    const files = await timed("verify package", () => readSignedPackage(source));
    const tokenizer = await timed("load tokenizer", () => createTokenizer(files.tokenizer, files.tokenizerConfig));
    const infer = await timed("load model", () => createInference(files.model, files.manifest.labels.length));
    return {
      ok: true,
      model: {
        id: files.modelId,
        labels: files.manifest.labels,
        problemType: files.manifest.problemType,
        tokenizer,
        infer,
      },
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
