/** Where a run's time goes: the same run with a clock around every kernel call. */
import { createEngine } from "../create-engine.ts";
import { runToEnd } from "../encoder/encoder.ts";
import type { Kernels } from "../kernels.ts";
import { randomIds } from "../sample/random-encoder.ts";

export interface PartTimes {
  tokens: number;
  /** Milliseconds by kernel. */
  ms: Record<string, number>;
}

const ROUNDS = 6;

/** @returns the fastest of a few runs of each length */
export function measureParts(module: WebAssembly.Module, weights: Uint8Array, maxTokens: number): PartTimes[] {
  const spent = new Map<string, number>();
  const loading = createEngine(module, { instrument: (kernels) => timed(kernels, spent) }).load({ maxTokens });
  loading.write(weights);
  const encoder = loading.finish();
  for (let round = 0; round < 12; round++) runToEnd(encoder.run([{ ids: randomIds(encoder.architecture, 32, round) }]));
  const lengths = [8, 128, 512].filter((tokens) => tokens <= maxTokens);
  return lengths.map((tokens) => {
    const text = { ids: randomIds(encoder.architecture, tokens, 1) };
    const rounds = Array.from({ length: ROUNDS }, () => {
      spent.clear();
      runToEnd(encoder.run([text]));
      return Object.fromEntries(spent);
    });
    const total = (ms: Record<string, number>) => Object.values(ms).reduce((sum, part) => sum + part, 0);
    const ms = rounds.reduce((best, one) => (total(one) < total(best) ? one : best));
    return { tokens, ms };
  });
}

function timed(kernels: Kernels, spent: Map<string, number>): Kernels {
  const entries = Object.entries(kernels).map(([name, kernel]) => {
    if (typeof kernel !== "function") return [name, kernel];
    const call = (...values: number[]) => {
      const start = performance.now();
      const result = Reflect.apply(kernel, null, values);
      spent.set(name, (spent.get(name) ?? 0) + performance.now() - start);
      return result;
    };
    return [name, call];
  });
  return Object.fromEntries(entries);
}
