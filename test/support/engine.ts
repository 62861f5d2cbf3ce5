/** Kernels on a small memory, and loaded encoders, for the tests of the engine. */
import { readFileSync } from "node:fs";
import { ENGINE_WASM } from "../../engine/build/build-engine.ts";
import { createEngine, type EngineOptions } from "../../engine/create-engine.ts";
import type { Encoder } from "../../engine/encoder/encoder.ts";
import type { TextInput } from "../../engine/encoder/texts.ts";
import type { Architecture } from "../../engine/format/architecture.ts";
import { FIRST_FREE_BYTE, instantiateKernels, type Kernels } from "../../engine/kernels.ts";
import type { EncoderWeights } from "../../engine/pack/encoder-weights.ts";
import { quantizeEncoder } from "../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../engine/pack/write-weights.ts";
import { randomIds } from "../../engine/sample/random-encoder.ts";

export const engineModule = new WebAssembly.Module(readFileSync(ENGINE_WASM));

const PAGES = 64;

/** Kernels with a memory of 4 MiB, handed out piece by piece. */
export class KernelBench {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly kernels: Kernels = instantiateKernels(engineModule, this.memory);
  #next = FIRST_FREE_BYTE;

  /** Makes everything that was handed out free again. */
  reset(): void {
    this.#next = FIRST_FREE_BYTE;
  }

  /** @returns the address of `bytes` bytes, a multiple of 64, filled with 0xCD: what a kernel must not read shows */
  reserve(bytes: number): number {
    const at = this.#next;
    this.#next = Math.ceil((at + bytes) / 64) * 64;
    new Uint8Array(this.memory.buffer, at, this.#next - at).fill(0xcd);
    return at;
  }

  floats(values: ArrayLike<number>): number {
    const at = this.reserve(values.length * 4);
    new Float32Array(this.memory.buffer, at, values.length).set(values);
    return at;
  }

  integers(values: ArrayLike<number>): number {
    const at = this.reserve(values.length * 4);
    new Int32Array(this.memory.buffer, at, values.length).set(values);
    return at;
  }

  bytes(values: ArrayLike<number>): number {
    const at = this.reserve(values.length);
    new Int8Array(this.memory.buffer, at, values.length).set(values);
    return at;
  }

  readFloats(at: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, count).slice();
  }

  readIntegers(at: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, count).slice();
  }

  readBytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, count).slice();
  }
}

/** A model small enough for the plain references, with no dimension that is a multiple of 16. */
export const SMALL: Architecture = {
  vocabulary: 200,
  positions: 64,
  tokenTypes: 1,
  padToken: null,
  embeddingWidth: 56,
  width: 56,
  heads: 3,
  headSize: 20,
  feedForward: 100,
  layers: 3,
  sharesLayers: false,
  labels: 5,
  activation: "gelu-erf",
  headActivation: "relu",
  epsilon: 1e-12,
};

/** A text with random ids, the second half of another kind where the model has kinds. */
export function textOf(architecture: Architecture, tokens: number, seed: number): TextInput {
  const ids = randomIds(architecture, tokens, seed);
  if (architecture.tokenTypes === 1) return { ids };
  return { ids, kinds: ids.map((_, index) => (index > tokens / 2 ? 1 : 0)) };
}

/** Quantizes, packs and loads an encoder. */
export function loadEncoder(weights: EncoderWeights, maxTokens: number, options: EngineOptions = {}): Encoder {
  return loadFile(writeWeights(quantizeEncoder(weights)).bytes, maxTokens, options);
}

export function loadFile(bytes: Uint8Array, maxTokens: number, options: EngineOptions = {}): Encoder {
  const loading = createEngine(engineModule, options).load({ maxTokens });
  loading.write(bytes);
  return loading.finish();
}

/** The root mean square of the difference, relative to that of what was expected. */
export function relativeError(computed: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    difference += ((computed[index] ?? Number.NaN) - (expected[index] ?? 0)) ** 2;
    size += (expected[index] ?? 0) ** 2;
  }
  return Math.sqrt(difference / size);
}
