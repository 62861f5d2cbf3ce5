/** The engine by itself in a Worker, with the requests of the plain Worker. */
import { createEngine } from "../../../engine/create-engine.ts";
import engineWasm from "../../../engine/dist/engine.wasm";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import { modelWorker } from "../plain/model-worker.ts";

const MAX_TOKENS = 512;

export default modelWorker(async ({ body }, wasRead) => {
  const engine = createEngine(engineWasm);
  const loading = engine.load({ maxTokens: MAX_TOKENS });
  const reader = body.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) loading.write(chunk.value);
  wasRead();
  const encoder = loading.finish();
  return {
    heapBytes: () => engine.memoryBytes(),
    run: (texts) => runToEnd(encoder.run(texts.map((ids) => ({ ids })))).map((logits) => Array.from(logits)),
  };
});
