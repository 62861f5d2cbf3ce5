/** The Worker's entry: one gateway per isolate, composed at its first request. */
import ortWasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import engineWasm from "../engine/dist/engine.wasm";
import type { Clock } from "./call.ts";
import { composeGateway, type Env, type Gateway } from "./compose.ts";
import { createOnnxEngine } from "./edge/onnx/onnx-engine.ts";
import { spillwayEngineOf } from "./edge/spillway/spillway-engine.ts";

const clock: Clock = { nowMs: () => Date.now(), wait: (ms) => scheduler.wait(ms) };

let gateway: Gateway | undefined;

export default {
  fetch(request, env, context) {
    gateway ??= composeGateway(env, {
      clock,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      fetch: (input, init) => fetch(input, init),
      engines: { "spillway-engine": spillwayEngineOf(engineWasm, clock), "onnxruntime-web": createOnnxEngine(ortWasm) },
    });
    return gateway.fetch(request, context);
  },
} satisfies ExportedHandler<Env>;
