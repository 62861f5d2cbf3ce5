/** A day without the time in which nothing happens: while no request is in progress, the clock skips to the next arrival. */

export interface RealTime {
  nowMs(): number;
  wait(ms: number): Promise<void>;
}

/** The day's clock. It runs as real time does, and skips. */
export class DayClock {
  readonly #real: RealTime;
  #skippedMs: number;

  constructor(real: RealTime, startMs: number) {
    this.#real = real;
    this.#skippedMs = startMs - real.nowMs();
  }

  /** From midnight. */
  nowMs(): number {
    return this.#real.nowMs() + this.#skippedMs;
  }

  /** Never goes back. */
  skipTo(atMs: number): void {
    this.#skippedMs += Math.max(0, atMs - this.nowMs());
  }

  /** Resolves when the clock has run to this time without a skip. */
  runTo(atMs: number): Promise<void> {
    return this.#real.wait(Math.max(0, atMs - this.nowMs()));
  }
}

/**
 * Sends each item at its time by the day's clock: items overlap exactly as they would without skips.
 * @param send resolves to the answer, and to the end of what the item started, before which nothing is skipped
 * @returns the answers in the order of the items
 */
export async function replayDay<Item extends { atMs: number }, Answer>(
  items: readonly Item[],
  clock: DayClock,
  send: (item: Item, index: number) => { answer: Promise<Answer>; settled: Promise<unknown> },
): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  const inProgress = new Set<Promise<unknown>>();
  for (const [index, item] of items.entries()) {
    while (inProgress.size > 0 && clock.nowMs() < item.atMs)
      await Promise.race([clock.runTo(item.atMs), ...inProgress]);
    clock.skipTo(item.atMs);
    const { answer, settled } = send(item, index);
    answers.push(answer);
    const both: Promise<unknown> = Promise.allSettled([answer, settled]).then(() => inProgress.delete(both));
    inProgress.add(both);
  }
  return Promise.all(answers);
}
