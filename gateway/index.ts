/** The Worker's entry: one gateway per isolate, composed at its first request. */
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { composeGateway, type Env, type Gateway } from "./compose.ts";
import { createOnnxEngine } from "./edge/onnx/onnx-engine.ts";

let gateway: Gateway | undefined;

export default {
  fetch(request, env, context) {
    gateway ??= composeGateway(env, {
      clock: { nowMs: () => Date.now(), wait: (ms) => scheduler.wait(ms) },
      random: Math.random,
      newId: () => crypto.randomUUID(),
      fetch: (input, init) => fetch(input, init),
      engine: createOnnxEngine(wasm),
    });
    return gateway.fetch(request, context);
  },
} satisfies ExportedHandler<Env>;
