/** The Worker's entry: one gateway per isolate, composed at its first request. */
import wasm from "../engine/dist/engine.wasm";
import type { Clock } from "./call.ts";
import { composeGateway, type Env, type Gateway } from "./compose.ts";
import type { EdgeEngine, EngineUnavailable } from "./edge/engine.ts";
import { spillwayEngineOf } from "./edge/spillway/spillway-engine.ts";

/** Set in the table `define` of wrangler.toml. If it is false, the bundler drops the import below. */
declare const INCLUDE_ONNXRUNTIME_WEB: boolean | undefined;

const onnxEngine: EdgeEngine | EngineUnavailable =
  typeof INCLUDE_ONNXRUNTIME_WEB === "undefined" || INCLUDE_ONNXRUNTIME_WEB
    ? (await import("./edge/onnx/bundled.ts")).bundledOnnxEngine()
    : { unavailable: "onnxruntime-web is not in this deployment (INCLUDE_ONNXRUNTIME_WEB in wrangler.toml)" };

const clock: Clock = {
  nowMs: () => Date.now(),
  // Not scheduler.wait, each of which leaves 650 bytes until V8 collects the whole heap: docs/decisions/035-a-small-heap.md
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

let gateway: Gateway | undefined;

export default {
  fetch(request, env, context) {
    gateway ??= composeGateway(env, {
      clock,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      fetch: (input, init) => fetch(input, init),
      engines: { "spillway-engine": spillwayEngineOf(wasm, clock), "onnxruntime-web": onnxEngine },
    });
    return gateway.fetch(request, context);
  },
} satisfies ExportedHandler<Env>;
