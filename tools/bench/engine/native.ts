/** Native ONNX Runtime on one thread, in this process. */
import { readFile } from "node:fs/promises";
import { InferenceSession } from "onnxruntime-node";
import { isGraphInput, LOGITS_OUTPUT } from "../../../formats/model-package/graph-inputs.ts";
import { feedsOf } from "../../../lambda-origin/infer.ts";
import type { Runner } from "./runners.ts";

/** @throws Error of ONNX Runtime if the file is not a text classifier */
export async function nativeRunner(file: string): Promise<Runner> {
  const session = await InferenceSession.create(await readFile(file), {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const inputs = session.inputNames.filter(isGraphInput);
  return async (tokenIds, runs) => {
    const feeds = feedsOf(inputs, tokenIds);
    let logits: number[] = [];
    const startedAtMs = performance.now();
    for (let run = 0; run < runs; run++) {
      const { data } = (await session.run(feeds, [LOGITS_OUTPUT]))[LOGITS_OUTPUT] ?? {};
      if (!(data instanceof Float32Array)) throw new Error(`${file} returned no float32 logits.`);
      logits = [...data];
    }
    return { logits, runMs: (performance.now() - startedAtMs) / runs };
  };
}
