/**
 * The plain Worker, to compare with: stock onnxruntime-web by its public API, one session, the `.onnx` file from R2 as bytes.
 * It works around only what workerd refuses, and does not limit memory. `POST /load`, then `POST /run` with token ids.
 */
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { inputRow, isGraphInput } from "../../../formats/model-package/graph-inputs.ts";

interface Env {
  MODELS: { get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null> };
}

interface Loaded {
  session: InferenceSession;
  memory: WebAssembly.Memory;
}

let loaded: Loaded | null = null;

export default {
  async fetch(request: Request, { MODELS }: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/healthz") return Response.json({ status: "ok" });
    if (pathname === "/load") {
      const startedAtMs = Date.now();
      const object = await MODELS.get(searchParams.get("key") ?? "");
      if (object === null) return new Response("The bucket has no object with this key.", { status: 404 });
      const bytes = new Uint8Array(await object.arrayBuffer());
      const readMs = Date.now() - startedAtMs;
      loaded = await load(bytes);
      return Response.json({ readMs, createMs: Date.now() - startedAtMs - readMs, heapBytes: heapBytes(loaded) });
    }
    if (loaded === null) return new Response("No model is loaded: POST /load first.", { status: 409 });
    const tokenIds: number[] = await request.json();
    const runs = Number(searchParams.get("runs") ?? 1);
    const startedAtMs = Date.now();
    let logits: number[] = [];
    for (let done = 0; done < runs; done++) logits = await run(loaded.session, tokenIds);
    return Response.json({ logits, runMs: (Date.now() - startedAtMs) / runs, heapBytes: heapBytes(loaded) });
  },
};

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

function heapBytes({ memory }: Loaded): number {
  return memory.buffer.byteLength;
}
