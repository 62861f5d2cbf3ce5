/** One linear memory for all models of an engine, one after the other. */
import { PAGE_BYTES } from "./plan-memory.ts";
import { WeightsError } from "./weights-error.ts";

/** What a Worker's isolate may hold in all. */
export const DEFAULT_MAX_MEMORY_BYTES = 128 * 1_048_576;

export class EngineMemory {
  readonly #maxBytes: number;
  #memory: WebAssembly.Memory | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * A memory of at least `bytes`. The first call creates it, a later one grows it: a second memory beside the first would count
   * until the garbage collector frees it.
   * @throws WeightsError if the engine may not use that much, or the runtime refuses
   */
  atLeast(bytes: number): WebAssembly.Memory {
    if (bytes > this.#maxBytes) {
      throw new WeightsError(
        `The model needs ${bytes} bytes of memory for this many tokens; the engine may use ${this.#maxBytes}.`,
      );
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    try {
      this.#memory ??= new WebAssembly.Memory({ initial: pages, maximum: Math.floor(this.#maxBytes / PAGE_BYTES) });
      const missing = pages - this.#memory.buffer.byteLength / PAGE_BYTES;
      if (missing > 0) this.#memory.grow(missing);
    } catch {
      throw new WeightsError(`The runtime has no ${bytes} bytes of memory for the model.`);
    }
    return this.#memory;
  }

  /** Null before the first model. */
  get used(): WebAssembly.Memory | null {
    return this.#memory;
  }

  /** Bytes in use; 0 before the first model. */
  get bytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }
}
