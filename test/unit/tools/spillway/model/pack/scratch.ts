/** A temporary folder for one test file, with a small classifier to pack. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import type { DistilbertShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import { checkTokenizer } from "../../../../../../tools/spillway/model/pack/check-tokenizer.ts";
import { compileEdgeWasm } from "../../../../../../tools/spillway/model/pack/edge-runtime.ts";
import { sampleIds } from "../../../../../../tools/spillway/model/pack/measure.ts";
import { type PackOptions, packModel } from "../../../../../../tools/spillway/model/pack/pack.ts";
import type { PackTools } from "../../../../../../tools/spillway/model/pack/pack-tools.ts";
import { type Progress, silent } from "../../../../../../tools/spillway/terminal/progress.ts";

/** With few positions: packing runs texts as long as there are. */
export const SMALL: Partial<DistilbertShape> = {
  positions: 64,
  layers: 2,
  dim: 32,
  heads: 2,
  hidden: 64,
  vocabulary: 200,
  labels: ["ham", "spam", "eggs"],
};

const PAIR_TOKENS = 20;
/** Token ids and token types as of a pair. */
export const PAIR = {
  ids: sampleIds(PAIR_TOKENS, 200),
  typeIds: Array.from({ length: PAIR_TOKENS }, (_, at) => (at < PAIR_TOKENS / 2 ? 0 : 1)),
};

/** The largest difference of two rows of logits. */
export function gapOf(one: ArrayLike<number> = [], other: ArrayLike<number> = []): number {
  return Math.max(...Array.from(one, (logit, at) => Math.abs(logit - (other[at] ?? Number.NaN))));
}

/** While one module of these bytes lives, V8 compiles and optimizes no second one in this process. */
const keptWasm = compileEdgeWasm();

const compared = new Map<string, Promise<void>>();

/** Runs are not timed, and each tokenizer is compared with Hugging Face's once. All of it runs in command.test.ts. */
export const quickTools: PackTools = {
  checkTokenizer: (tokenizer, config) => {
    const key = JSON.stringify([tokenizer, config]);
    const check = compared.get(key) ?? checkTokenizer(tokenizer, config);
    compared.set(key, check);
    return check;
  },
  measureTimes: async (_, tokenCounts, { onRound }) => {
    onRound();
    return tokenCounts.map((tokens) => ({ tokens, value: 0.1 + tokens / 100 }));
  },
  measureWindowMs: async ({ windowTokens }) => windowTokens / 100,
};

/** Packs as the command does, with the quick tools. */
export const quickPack = (options: PackOptions, progress: Progress = silent) =>
  packModel(options, progress, quickTools);

export interface Scratch {
  /** An absolute path in the folder. */
  path(name: string): string;
  /** A new copy of the small classifier's folder, with this name. Without an INT8 file, spillway-engine's gap is not compared with one. */
  model(name: string, has?: { int8: boolean }): Promise<string>;
}

/** Made before the file's tests and removed after them. */
export function useScratch(): Scratch {
  let folder = "";
  const path = (name: string) => join(folder, name);
  beforeAll(async () => {
    await keptWasm;
    folder = await mkdtemp(join(tmpdir(), "spillway-pack-"));
    await writeDistilbertFolder(path(".small"), SMALL);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    path,
    model: async (name, { int8 } = { int8: true }) => {
      await cp(path(".small"), path(name), { recursive: true });
      if (!int8) await rm(join(path(name), "model_quantized.onnx"));
      return path(name);
    },
  };
}
