/**
 * The plain Worker, to compare with: stock onnxruntime-web by its public API, one session, the `.onnx` file from R2 as bytes.
 * It works around only what workerd refuses, and does not limit memory.
 */
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { inputRow, isGraphInput } from "../../../formats/model-package/graph-inputs.ts";
import { modelWorker } from "./model-worker.ts";

interface Loaded {
  session: InferenceSession;
  memory: WebAssembly.Memory;
}

export default modelWorker(async (object, wasRead) => {
  const bytes = new Uint8Array(await object.arrayBuffer());
  wasRead();
  const { session, memory } = await load(bytes);
  return {
    heapBytes: () => memory.buffer.byteLength,
    run: async (texts) => {
      const logits: number[][] = [];
      for (const tokenIds of texts) logits.push(await run(session, tokenIds));
      return logits;
    },
  };
});

/** workerd compiles no bytes at run time, so onnxruntime-web gets the imported module instead of compiling its bytes. */
async function load(bytes: Uint8Array): Promise<Loaded> {
  env.wasm.numThreads = 1;
  // Never read, but without it onnxruntime-web would fetch the file.
  env.wasm.wasmBinary = new ArrayBuffer(8);
  const { instantiate, Memory } = WebAssembly;
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.instantiate = (async (_: BufferSource, imports: WebAssembly.Imports) => ({
    instance: new WebAssembly.Instance(wasm, imports),
    module: wasm,
  })) as unknown as typeof WebAssembly.instantiate;
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      const memory = new target(descriptor);
      memories.push(memory);
      return memory;
    },
  });
  try {
    const session = await InferenceSession.create(bytes);
    const [memory] = memories.toSorted((a, b) => b.buffer.byteLength - a.buffer.byteLength);
    if (memory === undefined) throw new Error("onnxruntime-web created no memory.");
    return { session, memory };
  } finally {
    WebAssembly.instantiate = instantiate;
    WebAssembly.Memory = Memory;
  }
}

async function run(session: InferenceSession, tokenIds: readonly number[]): Promise<number[]> {
  const feeds = Object.fromEntries(
    session.inputNames
      .filter(isGraphInput)
      .map((name) => [name, new Tensor("int64", inputRow(name, tokenIds), [1, tokenIds.length])]),
  );
  const outputs = await session.run(feeds);
  const logits = outputs[session.outputNames[0] ?? ""]?.data;
  if (!(logits instanceof Float32Array)) throw new Error("The model's first output is not float32.");
  return Array.from(logits);
}
