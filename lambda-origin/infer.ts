/** The origin's model on onnxruntime-node. */
import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type GraphInput, inputRow, isGraphInput, LOGITS_OUTPUT } from "../formats/model-package/graph-inputs.ts";

/**
 * Windows of token ids in, one row of logits per window out, in the same order.
 * @param typeIds the token types of each window, as many; without them all are 0. A graph without this input ignores them.
 */
export type Infer = (
  windows: readonly (readonly number[])[],
  typeIds?: readonly (readonly number[])[],
) => Promise<number[][]>;

/**
 * Opens one session for the life of the process.
 * @param model the verified bytes; the file is not read again
 * @throws Error if they are not a text classifier
 */
export async function createInference(model: Uint8Array, labelCount: number): Promise<Infer> {
  const session = await InferenceSession.create(model, sessionOptions());
  const inputs = session.inputNames.filter(isGraphInput);
  const unknown = session.inputNames.filter((name) => !isGraphInput(name));
  if (unknown.length > 0) throw new Error(`the model has unknown inputs: ${unknown.join(", ")}`);
  if (!session.outputNames.includes(LOGITS_OUTPUT)) {
    throw new Error(`the model has no output "${LOGITS_OUTPUT}", only ${session.outputNames.join(", ")}`);
  }
  const runOne = async (window: readonly number[], typeIds: readonly number[] | undefined) => {
    const { [LOGITS_OUTPUT]: logits } = await session.run(feedsOf(inputs, window, typeIds), [LOGITS_OUTPUT]);
    return checkedLogits(logits, labelCount);
  };
  // One window per run: batches of 2 to 8 took as long per window, and hundreds of megabytes more memory (measured).
  return async (windows, typeIds) => {
    const rows: number[][] = [];
    for (const [index, window] of windows.entries()) rows.push(await runOne(window, typeIds?.[index]));
    return rows;
  };
}

/** The tensors for one window: int64 [1, tokens]. */
export function feedsOf(
  inputs: readonly GraphInput[],
  window: readonly number[],
  typeIds?: readonly number[],
): Record<string, Tensor> {
  const feed = (input: GraphInput) =>
    [input, new Tensor("int64", inputRow(input, window, { typeIds }), [1, window.length])] as const;
  return Object.fromEntries(inputs.map(feed));
}

function sessionOptions(): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    // Explicit, because the default also pins threads to cores, which Lambda forbids and answers with warnings.
    intraOpNumThreads: availableParallelism(),
    interOpNumThreads: 1,
    // Threads that spin while they wait use up the CPU share that Lambda grants by memory, and locally that of other instances.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    logSeverityLevel: 3,
  };
}

function checkedLogits(logits: InferenceSession.OnnxValueMapType[string] | undefined, labelCount: number): number[] {
  if (!(logits?.data instanceof Float32Array) || logits.data.length !== labelCount) {
    throw new Error(`the model returned logits of shape [${logits?.dims.join(", ")}]; expected [1, ${labelCount}]`);
  }
  if (!logits.data.every(Number.isFinite)) throw new Error("the model returned logits that are not finite");
  return [...logits.data];
}
