/** A Worker's isolate under observation, one stage after another. */
import { step } from "../../tools/start/progress.ts";
import type { Inspector } from "./inspector.ts";
import { sampleWhile } from "./sampler.ts";
import type { Reading } from "./stage.ts";

/** A load is over in a second, and its peak in less. */
const SAMPLE_LOAD_EVERY_MS = 20;
const SAMPLE_RUNS_EVERY_MS = 100;

export interface Watch {
  /** The isolate as it is, with nothing going on. */
  rest(id: string, stage: string): Promise<Reading>;
  load(id: string, stage: string, work: () => Promise<unknown>): Promise<Reading>;
  runs(id: string, stage: string, work: () => Promise<unknown>): Promise<Reading>;
}

/** `wasmHeapBytes` asks the Worker, which knows: V8 does not tell. */
export function watch(inspector: Inspector, wasmHeapBytes: () => Promise<number>): Watch {
  const read = async (id: string, stage: string) => {
    return { id, stage, after: await inspector.heapUsage(), wasmHeapBytes: await wasmHeapBytes(), sampled: null };
  };
  const during = (everyMs: number) => (id: string, stage: string, work: () => Promise<unknown>) =>
    step(stage, async () => {
      const sampled = await sampleWhile(inspector, everyMs, work);
      return { ...(await read(id, stage)), sampled };
    });
  return { rest: read, load: during(SAMPLE_LOAD_EVERY_MS), runs: during(SAMPLE_RUNS_EVERY_MS) };
}
