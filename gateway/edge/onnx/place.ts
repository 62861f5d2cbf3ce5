/** Where a model's bytes go in the wasm heap, and how the place is left so that the next model fits in it. */
import { allocate, type OrtRuntime } from "./runtime.ts";
import type { HeapBlock } from "./session.ts";

/**
 * A runtime's first session leaves 1.3 MiB behind that live as long as the runtime (operator registries, measured with 1.30.0).
 * They take the lowest hole they find. Without one they would lie right behind the first model's block, and once that model
 * is gone, no larger one would fit in what it left.
 */
const REGISTRIES_BYTES = 2 * 2 ** 20;

/** A block for a model of so many bytes, with room below it. @throws OrtError (outOfMemory) at the heap's limit. */
export function placeModel({ ort }: OrtRuntime, sizeBytes: number): HeapBlock {
  const below = allocate(ort, REGISTRIES_BYTES);
  try {
    return { pointer: allocate(ort, sizeBytes), sizeBytes };
  } finally {
    ort._free(below);
  }
}
