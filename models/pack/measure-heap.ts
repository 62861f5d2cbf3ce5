/**
 * The smallest wasm heap in which runs of so many tokens succeed. In a heap that is larger than needed, fresh and so all zeros,
 * the highest byte written is where the allocator's top stood: measured once, it is the page to which a search with ever
 * smaller heaps comes too (one page less fails), in two seconds instead of forty.
 */
import { setImmediate as eventLoop } from "node:timers/promises";
import { openEdgeModel } from "./edge-runtime.ts";
import { sampleIds } from "./sample-ids.ts";

const PAGE_BYTES = 65_536;
/** Runs of several lengths: a heap in use is fragmented. 400 runs of random lengths needed no page more. */
const MIXED_LENGTHS = [1, 0.5, 0.13, 0.8, 1, 0.3, 1] as const;
/** Beside the weights. Untouched memory costs nothing. */
const ROOM_BYTES = 256 * 2 ** 20;

/** Bytes of whole pages, weights included. @throws OrtError */
export async function measureHeapBytes(ort: Uint8Array, vocabularySize: number, tokens: number): Promise<number> {
  const heapBytes = ort.byteLength + ROOM_BYTES;
  const model = await openEdgeModel(ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  for (const part of MIXED_LENGTHS) {
    model.run(sampleIds(Math.max(1, Math.round(tokens * part)), vocabularySize));
    // So that Ctrl-C is heard.
    await eventLoop();
  }
  return wholePages(model.usedBytes());
}

/** Rounded up to wasm's page. */
export function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}
