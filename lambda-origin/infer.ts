import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** One row of logits per window, in order. */
export type Infer = (windows: readonly number[][]) => Promise<number[][]>;

/** What BERT-family graphs may ask for; anything else means that the package is not one of them. */
const KNOWN_INPUTS = new Set(["input_ids", "attention_mask", "token_type_ids"]);

/** Opens one session for the life of the process. The bytes are those that were verified: the file is not read twice. */
export async function createInference(model: Uint8Array, labelCount: number): Promise<Infer> {
  const session = await InferenceSession.create(model, sessionOptions());
  const unknown = session.inputNames.filter((name) => !KNOWN_INPUTS.has(name));
  if (unknown.length > 0) throw new Error(`the model asks for unknown inputs: ${unknown.join(", ")}`);
  if (!session.outputNames.includes("logits")) {
    throw new Error(`the model has no output "logits", only ${session.outputNames.join(", ")}`);
  }
  // One window a run: batches of 2 to 8 were measured, took as long per window and hundreds of megabytes more memory.
  return async (windows) => {
    const rows: number[][] = [];
    for (const window of windows) rows.push(await runOne(session, window, labelCount));
    return rows;
  };
}

function sessionOptions(): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    // Said explicitly, because the default also pins threads to cores, which Lambda forbids and answers with warnings.
    intraOpNumThreads: availableParallelism(),
    interOpNumThreads: 1,
    // Threads that spin while they wait eat the CPU share that Lambda grants by memory, and here that of other instances.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    logSeverityLevel: 3,
  };
}

async function runOne(session: InferenceSession, window: readonly number[], labelCount: number): Promise<number[]> {
  const { logits } = await session.run(feedsFor(session.inputNames, window), ["logits"]);
  if (!(logits?.data instanceof Float32Array) || logits.data.length !== labelCount) {
    throw new Error(
      `the model answered with logits of shape [${logits?.dims.join(", ")}]; expected [1, ${labelCount}]`,
    );
  }
  if (!logits.data.every(Number.isFinite)) throw new Error("the model answered with logits that are not finite");
  return [...logits.data];
}

function feedsFor(inputNames: readonly string[], window: readonly number[]): Record<string, Tensor> {
  const int64 = (values: Iterable<bigint>) => new Tensor("int64", BigInt64Array.from(values), [1, window.length]);
  return Object.fromEntries(
    inputNames.map((name) => {
      if (name === "input_ids") return [name, int64(window.map(BigInt))];
      return [name, int64(window.map(() => (name === "attention_mask" ? 1n : 0n)))];
    }),
  );
}
