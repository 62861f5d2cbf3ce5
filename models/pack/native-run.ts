/** One run on onnxruntime-node, the origin's runtime. */
import { InferenceSession, Tensor } from "onnxruntime-node";

export interface NativeLogits {
  dims: readonly number[];
  values: Float32Array;
}

/** `[1, tokens]` ids in → the logits with their shape. Takes external data beside the file. @throws ONNX Runtime's own errors */
export async function runNatively(path: string, tokenIds: readonly number[]): Promise<NativeLogits> {
  const session = await InferenceSession.create(path, {
    executionProviders: ["cpu"],
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    logSeverityLevel: 4,
  });
  try {
    const feeds = session.inputNames.map((name) => [name, rowOf(name, tokenIds)] as const);
    const { logits } = await session.run(Object.fromEntries(feeds), ["logits"]);
    if (!(logits?.data instanceof Float32Array)) throw new Error("its logits are not float32");
    return { dims: logits.dims, values: logits.data };
  } finally {
    await session.release();
  }
}

function rowOf(input: string, tokenIds: readonly number[]): Tensor {
  const value = (tokenId: number) => (input === "input_ids" ? tokenId : Number(input === "attention_mask"));
  return new Tensor(
    "int64",
    BigInt64Array.from(tokenIds, (id) => BigInt(value(id))),
    [1, tokenIds.length],
  );
}
