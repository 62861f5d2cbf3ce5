/** Whitespace that is held back until it is known whether it belongs to the text; a megabyte of it is passed on in parts. */
import { WHITESPACE } from "../unicode/classes.ts";
import { PassOn } from "./pass-on.ts";
import type { Busy, Stage } from "./stage.ts";

/** Code points that are passed on at once. */
const MAX_AT_ONCE = 256;
/** Among what waits, `end()`; a token is less than that by its id + 1. Code points are 0 or more. */
const END = -1;

export class HeldWhitespace extends PassOn implements Busy {
  readonly #isBounded: boolean;
  /** A byte for each: its place in WHITESPACE. */
  #held = new Uint8Array(16);
  #count = 0;
  /** What is being passed on, and how far it is; null: nothing is. */
  #passing: Uint8Array | null = null;
  #at = 0;
  /** What came after that, in order. */
  #waiting: number[] = [];

  /** @param busy those that are asked to work; without it all is passed on at once */
  constructor(next: Stage, busy: Busy[] | undefined) {
    super(next);
    this.#isBounded = busy !== undefined;
    busy?.push(this);
  }

  get isBusy(): boolean {
    return this.#passing !== null;
  }

  /** @param codePoint whitespace */
  hold(codePoint: number): void {
    if (this.#count === this.#held.length) {
      const larger = new Uint8Array(this.#count * 2);
      larger.set(this.#held);
      this.#held = larger;
    }
    this.#held[this.#count++] = WHITESPACE.indexOf(codePoint);
  }

  drop(): void {
    this.#count = 0;
  }

  /** What is held belongs to the text. */
  pass(): void {
    // The usual case, for each character of the text.
    if (this.#count === 0) return;
    const count = this.#count;
    this.#count = 0;
    if (this.isBusy || !this.#isBounded || count <= MAX_AT_ONCE) {
      for (let index = 0; index < count; index++) this.put(kindOf(this.#held[index] ?? 0));
    } else {
      this.#passing = this.#held.subarray(0, count);
      this.#at = 0;
      this.#held = new Uint8Array(16);
    }
  }

  work(): number {
    const end = Math.min(this.#passing?.length ?? 0, this.#at + MAX_AT_ONCE);
    const units = end - this.#at;
    for (; this.#at < end; this.#at++) this.next.put(kindOf(this.#passing?.[this.#at] ?? 0));
    if (end === (this.#passing?.length ?? 0)) this.#passWaiting();
    return units;
  }

  put(codePoint: number): void {
    if (this.isBusy) this.#waiting.push(codePoint);
    else this.next.put(codePoint);
  }

  override end(): void {
    if (this.isBusy) this.#waiting.push(END);
    else this.next.end();
  }

  override token(id: number): void {
    if (this.isBusy) this.#waiting.push(END - 1 - id);
    else this.next.token(id);
  }

  /** No more than came of one code point of the text. */
  #passWaiting(): void {
    this.#passing = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      if (each >= 0) this.next.put(each);
      else if (each === END) this.next.end();
      else this.next.token(END - 1 - each);
    }
  }
}

function kindOf(kind: number): number {
  return WHITESPACE[kind] ?? 0;
}
