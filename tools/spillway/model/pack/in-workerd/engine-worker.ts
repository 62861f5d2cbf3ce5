/** The Worker in which runs of spillway-engine are timed. */
import { createEngine } from "../../../../../engine/create-engine.ts";
import engineWasm from "../../../../../engine/dist/engine.wasm";
import { runToEnd } from "../../../../../engine/encoder/encoder.ts";
import { timedWorker } from "./time-runs.ts";

export default timedWorker(async ({ body }, parameters) => {
  if (body === null) throw new Error("The weights are missing.");
  const loading = createEngine(engineWasm).load({ maxTokens: Number(parameters.get("tokens")) });
  for await (const chunk of body) loading.write(chunk);
  const encoder = loading.finish();
  return (ids) => void runToEnd(encoder.run([{ ids }]));
});
