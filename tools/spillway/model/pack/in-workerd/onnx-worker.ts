/** The Worker in which runs of onnxruntime-web are timed, by the gateway's own adapter. */
import ortWasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { allocateModel } from "../../../../../gateway/edge/onnx/onnx-engine.ts";
import { startRuntime } from "../../../../../gateway/edge/onnx/runtime.ts";
import { openSession } from "../../../../../gateway/edge/onnx/session.ts";
import { timedWorker } from "./time-runs.ts";

export default timedWorker(async (file, parameters) => {
  const heapBytes = Number(parameters.get("heapBytes"));
  const runtime = await startRuntime(ortWasm, { initialBytes: heapBytes, maximumBytes: heapBytes });
  const bytes = new Uint8Array(await file.arrayBuffer());
  const block = allocateModel(runtime, bytes.byteLength);
  runtime.heap().set(bytes, block.pointer);
  const session = openSession(runtime, block);
  return (ids) => void session.run(ids);
});
