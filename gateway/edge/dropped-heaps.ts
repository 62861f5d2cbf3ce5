/**
 * Heaps that an engine no longer uses. V8 frees a `WebAssembly.Memory` when it collects garbage, not when the last reference is
 * dropped: until then it counts against the isolate's limit.
 */

interface DroppedHeap {
  heap: WeakRef<WebAssembly.Memory>;
  bytes: number;
}

export class DroppedHeaps {
  #heaps: DroppedHeap[] = [];

  /** Watches a heap that nothing refers to any more. */
  add(heap: WebAssembly.Memory): void {
    this.#heaps.push({ heap: new WeakRef(heap), bytes: heap.buffer.byteLength });
  }

  /** Bytes of the heaps that are not collected yet. */
  uncollectedBytes(): number {
    this.#heaps = this.#heaps.filter(({ heap }) => heap.deref() !== undefined);
    return this.#heaps.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
