/** The last layer computed for the first token alone, where that is exact; where it is not, the graph is left alone. */
import { basename } from "node:path";
import { firstTokenOnlyIfExact } from "../onnx/exact.ts";
import type { Progress } from "./progress.ts";

export interface ExactWork {
  /** The file to go on with: the rewritten one, or the given one. */
  path: string;
  /** For people: what happened to the file. */
  outcome: string;
}

/** `what` names the model for people: "FP32". @throws Error with one sentence when the file cannot be read */
export async function exactGraph(
  what: string,
  path: string,
  rewritten: string,
  progress: Progress,
): Promise<ExactWork> {
  const result = await progress.step(`rewriting ${basename(path)} (${what}) for the first token alone`, 1, () =>
    firstTokenOnlyIfExact(path, rewritten),
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
