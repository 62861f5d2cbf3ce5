/**
 * Rewrites a graph so that its last layer is computed for the first token only: a classifier uses no other token. The rewritten
 * graph is kept only if both graphs return the same logits.
 */
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Progress } from "../../terminal/progress.ts";
import { compareLogits } from "../graph/compare-logits.ts";
import { computeFirstTokenOnly, type FirstTokenOnly } from "../graph/first-token.ts";
import type { OnnxModel } from "../graph/model.ts";
import { readModel, writeModel } from "../graph/model-file.ts";
import { observeShapes } from "../graph/observe-shapes.ts";
import { type TextInputs, textInputsOf } from "../graph/text-inputs.ts";

/** Largest difference of a logit that counts as the same. */
const MAX_LOGIT_GAP = 1e-4;

export interface FirstTokenGraph {
  /** The file to use: the rewritten one, or the given one. */
  path: string;
  /** What happened to the graph, for people. */
  outcome: string;
}

/**
 * @param what names the model for people: "FP32"
 * @param rewritten where to write the rewritten file
 * @throws Error with one sentence if the file cannot be read
 */
export async function makeFirstTokenGraph(
  what: string,
  path: string,
  rewritten: string,
  progress: Progress,
): Promise<FirstTokenGraph> {
  const result = await progress.step(`rewriting ${basename(path)} (${what}) for the first token only`, 1, () =>
    rewriteIfEquivalent(path, rewritten),
  );
  if (!result.changed) {
    return { path, outcome: `${what}: not changed (${result.reason.replace(/\.$/, "")})` };
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

export type FirstTokenResult =
  | {
      changed: true;
      largestGap: number;
      /** Lengths of the compared texts, in tokens. */
      tokens: readonly number[];
      savedNodes: readonly string[];
      /** Multiplications in matrix products, for one text of 128 tokens. */
      multiplications: { before: number; after: number };
    }
  | { changed: false; reason: string };

/**
 * Writes `outPath` only if the last layer can be computed for the first token only, and onnxruntime returns the same logits for
 * random texts of several lengths, with and without padding.
 * @throws Error with one sentence if `inPath` is not an ONNX file
 */
export async function rewriteIfEquivalent(
  inPath: string,
  outPath: string,
  onStep: (line: string) => void = () => {},
): Promise<FirstTokenResult> {
  const model = await readModel(inPath);
  const computed = await compute(model, onStep);
  if ("unchanged" in computed) return { changed: false, reason: computed.unchanged };
  const { inputs, rewritten } = computed;

  onStep("comparing its logits with the original's");
  const candidate = `${outPath}.${process.pid}.candidate.onnx`;
  try {
    await writeModel(rewritten.model, candidate);
    const compared = await compareLogits(inPath, candidate, inputs).catch((error: unknown) => firstLine(error));
    if (typeof compared === "string") return { changed: false, reason: `onnxruntime cannot run it: ${compared}` };
    if (compared.largestGap > MAX_LOGIT_GAP) {
      return {
        changed: false,
        reason: `Its logits differed by ${compared.largestGap}; at most ${MAX_LOGIT_GAP} is allowed.`,
      };
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
  onStep: (line: string) => void,
): Promise<{ inputs: TextInputs; rewritten: FirstTokenOnly } | { unchanged: string }> {
  try {
    const inputs = textInputsOf(model.graph);
    onStep("searching for the nodes that the first token needs");
    const rewritten = computeFirstTokenOnly(model, (await observeShapes(model, inputs)).shapes);
    return "unchanged" in rewritten ? rewritten : { inputs, rewritten };
  } catch (error) {
    return { unchanged: firstLine(error) };
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n")[0] ?? message;
}
