/** What is yet to happen to the isolate, by time. Holds no clock. */

export interface Happening {
  atMs: number;
  happen(): void;
}

export class Happenings {
  /** Latest first: the next one is taken off the end. */
  readonly #latestFirst: Happening[] = [];

  add(happening: Happening): void {
    // Most are added for soon: looked for from the end.
    const after = this.#latestFirst.findLastIndex(({ atMs }) => atMs > happening.atMs);
    this.#latestFirst.splice(after + 1, 0, happening);
  }

  /** Takes the next one out; null when there is none until then. */
  takeUntil(nowMs: number): Happening | null {
    const next = this.#latestFirst.at(-1);
    if (next === undefined || next.atMs > nowMs) return null;
    this.#latestFirst.pop();
    return next;
  }
}
