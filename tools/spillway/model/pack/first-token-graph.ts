/** The last layer computed for the first token alone, where that is exact; where it is not, the graph is left alone. */

import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Progress } from "../../terminal/progress.ts";
import { compareLogits } from "../graph/compare-logits.ts";
import { computeFirstTokenOnly, type FirstTokenOnly } from "../graph/first-token.ts";
import type { OnnxModel } from "../graph/model.ts";
import { readModel, writeModel } from "../graph/model-file.ts";
import { observeShapes } from "../graph/observe-shapes.ts";
import { type TextInputs, textInputsOf } from "../graph/text-inputs.ts";

export interface FirstTokenWork {
  /** The file to go on with: the rewritten one, or the given one. */
  path: string;
  /** For people: what happened to the file. */
  outcome: string;
}

/** `what` names the model for people: "FP32". @throws Error with one sentence when the file cannot be read */
export async function makeFirstTokenGraph(
  what: string,
  path: string,
  rewritten: string,
  progress: Progress,
): Promise<FirstTokenWork> {
  const result = await progress.step(`rewriting ${basename(path)} (${what}) for the first token alone`, 1, () =>
    rewriteIfEquivalent(path, rewritten),
  );
  if (!result.changed) {
    return { path, outcome: `${what}: left as it is (${result.reason.replace(/\.$/, "")})` };
  }
  const { before, after } = result.multiplications;
  const savedPercent = (100 * (before - after)) / before;
  return {
    path: rewritten,
    outcome: `${what}: ${savedPercent.toFixed(0)} % of the multiplications saved, logits ${gap(result.largestGap)}`,
  };
}

function gap(largestGap: number): string {
  return largestGap === 0 ? "the same" : `within ${largestGap.toExponential(1)}`;
}

/** The rewrite for people who do not take our word: it is kept only if both graphs give the same logits. */

/** Largest difference of a logit that still counts as the same. */
const GAP_MAX = 1e-4;

export type FirstTokenResult =
  | {
      changed: true;
      largestGap: number;
      /** Lengths of the texts that were compared, in tokens. */
      tokens: readonly number[];
      savedNodes: readonly string[];
      /** Of one text of 128 tokens, in matrix products. */
      multiplications: { before: number; after: number };
    }
  | { changed: false; reason: string };

/**
 * Writes `outPath` only when the last layer could be computed for the first token alone and onnxruntime gives the same logits on
 * random texts of several lengths, padded ones too. @throws Error with one sentence when `inPath` is no ONNX file.
 */
export async function rewriteIfEquivalent(
  inPath: string,
  outPath: string,
  say: (line: string) => void = () => {},
): Promise<FirstTokenResult> {
  const model = await readModel(inPath);
  const computed = await compute(model, say);
  if ("unchanged" in computed) return { changed: false, reason: computed.unchanged };
  const { inputs, rewritten } = computed;

  say("comparing its logits with the original's");
  const candidate = `${outPath}.${process.pid}.candidate.onnx`;
  try {
    await writeModel(rewritten.model, candidate);
    const compared = await compareLogits(inPath, candidate, inputs).catch((error: unknown) => firstLine(error));
    if (typeof compared === "string") return { changed: false, reason: `onnxruntime cannot run it: ${compared}` };
    if (compared.largestGap > GAP_MAX) {
      return { changed: false, reason: `Its logits differed by ${compared.largestGap}; ${GAP_MAX} is allowed.` };
    }
    await rename(candidate, outPath);
    const { savedNodes, multiplications } = rewritten;
    return { changed: true, ...compared, savedNodes, multiplications };
  } finally {
    await rm(candidate, { force: true });
  }
}

async function compute(
  model: OnnxModel,
  say: (line: string) => void,
): Promise<{ inputs: TextInputs; rewritten: FirstTokenOnly } | { unchanged: string }> {
  try {
    const inputs = textInputsOf(model.graph);
    say("looking for what only the first token needs");
    const rewritten = computeFirstTokenOnly(model, await observeShapes(model, inputs));
    return "unchanged" in rewritten ? rewritten : { inputs, rewritten };
  } catch (error) {
    return { unchanged: firstLine(error) };
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n")[0] ?? message;
}
