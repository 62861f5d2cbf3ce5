/** The engine by itself in a Worker, with the requests of the plain Worker: `POST /load`, then `POST /run` with token ids. */
import { createEngine } from "../../../engine/create-engine.ts";
import engineWasm from "../../../engine/dist/engine.wasm";
import { type Encoder, runToEnd } from "../../../engine/encoder/encoder.ts";

interface Env {
  MODELS: { get(key: string): Promise<{ body: ReadableStream<Uint8Array> } | null> };
}

const MAX_TOKENS = 512;

let loaded: { encoder: Encoder; heapBytes: number } | null = null;

export default {
  async fetch(request: Request, { MODELS }: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/healthz") return Response.json({ status: "ok" });
    if (pathname === "/load") {
      const startedAtMs = Date.now();
      const object = await MODELS.get(searchParams.get("key") ?? "");
      if (object === null) return new Response("The bucket has no object with this key.", { status: 404 });
      const engine = createEngine(engineWasm);
      const loading = engine.load({ maxTokens: MAX_TOKENS });
      const reader = object.body.getReader();
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) loading.write(chunk.value);
      const readMs = Date.now() - startedAtMs;
      loaded = { encoder: loading.finish(), heapBytes: engine.memoryBytes() };
      return Response.json({
        readMs,
        createMs: Date.now() - startedAtMs - readMs,
        heapBytes: loaded.heapBytes,
        variant: loaded.encoder.variant,
      });
    }
    if (loaded === null) return new Response("No model is loaded: POST /load first.", { status: 409 });
    const { encoder, heapBytes } = loaded;
    const ids: number[] = await request.json();
    const runs = Number(searchParams.get("runs") ?? 1);
    const startedAtMs = Date.now();
    let logits: Float32Array = new Float32Array();
    for (let run = 0; run < runs; run++) logits = runToEnd(encoder.run([{ ids }]))[0] ?? logits;
    return Response.json({ logits: Array.from(logits), runMs: (Date.now() - startedAtMs) / runs, heapBytes });
  },
};
