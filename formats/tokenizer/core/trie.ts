/**
 * A vocabulary as a tree of code points in typed arrays: about 16 bytes per node, and no string per token. The children of all nodes are in
 * one hash table.
 */
import type { Steps } from "./json-text.ts";

const NONE = -1;
/** Nodes that are linked between two steps: a fraction of a millisecond. */
const STEP_NODES = 2048;
/** The node of the empty text. */
export const ROOT = 0;

export class Trie {
  #parents: Int32Array<ArrayBuffer>;
  #labels: Int32Array<ArrayBuffer>;
  #values: Int32Array<ArrayBuffer>;
  #slots: Int32Array<ArrayBuffer>;
  #nodes = 1;

  /** @param expectedNodes more may be added */
  constructor(expectedNodes: number) {
    const capacity = Math.max(64, expectedNodes);
    this.#parents = new Int32Array(capacity);
    this.#labels = new Int32Array(capacity);
    this.#values = new Int32Array(capacity).fill(NONE);
    this.#slots = new Int32Array(slotsFor(capacity)).fill(NONE);
  }

  get nodes(): number {
    return this.#nodes;
  }

  get bytes(): number {
    return 3 * this.#parents.byteLength + this.#slots.byteLength;
  }

  /** -1 if the node has no such child. -1 is accepted as a node, and has no children. */
  child(node: number, codePoint: number): number {
    if (node < 0) return NONE;
    const mask = this.#slots.length - 1;
    for (let slot = hash(node, codePoint) & mask; ; slot = (slot + 1) & mask) {
      const child = this.#slots[slot] ?? NONE;
      if (child < 0 || (this.#parents[child] === node && this.#labels[child] === codePoint)) return child;
    }
  }

  /** The node that a node is a child of. */
  parent(node: number): number {
    return this.#parents[node] ?? NONE;
  }

  /** The code point between them. */
  label(node: number): number {
    return this.#labels[node] ?? NONE;
  }

  /** -1 if the vocabulary has no such token. */
  value(node: number): number {
    return this.#values[node] ?? NONE;
  }

  /** The node of a text, or -1. */
  find(text: string): number {
    let node = ROOT;
    for (const char of text) node = this.child(node, char.codePointAt(0) ?? 0);
    return node;
  }

  /** The value of a text, or -1. */
  valueOf(text: string): number {
    return this.value(this.find(text));
  }

  /** Adds a text, or gives it another value. @returns its length in code points */
  set(text: string, value: number): number {
    let node = ROOT;
    let length = 0;
    for (const char of text) {
      node = this.#addChild(node, char.codePointAt(0) ?? 0);
      length++;
    }
    this.#values[node] = value;
    return length;
  }

  /** Gives memory back that was allocated for growth, in steps. Nothing may be added between them. */
  *trim(): Steps<void> {
    yield* this.#resizing(this.#nodes);
  }

  #addChild(node: number, codePoint: number): number {
    const found = this.child(node, codePoint);
    if (found >= 0) return found;
    if (this.#nodes === this.#parents.length) this.#resize(this.#nodes * 2);
    const child = this.#nodes++;
    this.#parents[child] = node;
    this.#labels[child] = codePoint;
    this.#link(child);
    return child;
  }

  #link(child: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash(this.#parents[child] ?? 0, this.#labels[child] ?? 0) & mask;
    while ((this.#slots[slot] ?? NONE) >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = child;
  }

  /** In one piece: a vocabulary that needs it has more nodes than its text suggests. */
  #resize(capacity: number): void {
    const steps = this.#resizing(capacity);
    while (!steps.next().done);
  }

  *#resizing(capacity: number): Steps<void> {
    this.#parents = copyOf(this.#parents, capacity, 0);
    this.#labels = copyOf(this.#labels, capacity, 0);
    this.#values = copyOf(this.#values, capacity, NONE);
    const slots = slotsFor(capacity);
    if (slots === this.#slots.length) return;
    this.#slots = new Int32Array(slots).fill(NONE);
    for (let child = 1; child < this.#nodes; child++) {
      this.#link(child);
      if (child % STEP_NODES === 0) yield;
    }
  }
}

/** A power of two, at most three quarters used. */
function slotsFor(nodes: number): number {
  return 2 ** Math.ceil(Math.log2(nodes * (4 / 3) + 1));
}

function hash(node: number, codePoint: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(codePoint, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function copyOf(array: Int32Array, length: number, fill: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  if (length > array.length) copy.fill(fill, array.length);
  copy.set(length < array.length ? array.subarray(0, length) : array);
  return copy;
}
