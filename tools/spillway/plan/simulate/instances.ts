/** The instances of a Lambda function as AWS keeps them, in simulated time: the one that was used last serves first. No clock. */

export class Instances {
  /** When each busy instance ends its call; the first to end is last. */
  readonly #busyUntilMs: number[] = [];
  /** Since when each idle instance is idle; the newest is last. */
  readonly #idleSinceMs: number[] = [];
  /** Of the idle ones, those before this place have ended. */
  #ended = 0;
  readonly #idleLifeMs: number;

  /** @param idleLifeMs after which an idle instance ends */
  constructor(idleLifeMs: number) {
    this.#idleLifeMs = idleLifeMs;
  }

  /** Whether a call now finds an idle instance. Times must not go back. */
  hasIdle(atMs: number): boolean {
    this.#advance(atMs);
    return this.#idleSinceMs.length > this.#ended;
  }

  /** Instances that are in a call now. */
  busy(atMs: number): number {
    this.#advance(atMs);
    return this.#busyUntilMs.length;
  }

  /**
   * A call that arrives now. Times must not go back.
   * @param initMs of a new instance, before the run
   * @returns whether it waits for a new instance
   */
  call(atMs: number, runMs: number, initMs: number): boolean {
    const isCold = !this.hasIdle(atMs);
    if (!isCold) this.#idleSinceMs.pop();
    this.#occupy(atMs + runMs + (isCold ? initMs : 0));
    return isCold;
  }

  #advance(atMs: number): void {
    const [busy, idle] = [this.#busyUntilMs, this.#idleSinceMs];
    for (let next = busy.at(-1); next !== undefined && next <= atMs; next = busy.at(-1)) {
      idle.push(next);
      busy.pop();
    }
    while (this.#ended < idle.length && (idle[this.#ended] ?? 0) + this.#idleLifeMs < atMs) this.#ended += 1;
    if (this.#ended > 1024 || this.#ended === idle.length) {
      idle.splice(0, this.#ended);
      this.#ended = 0;
    }
  }

  #occupy(untilMs: number): void {
    const busy = this.#busyUntilMs;
    let [start, end] = [0, busy.length];
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((busy[middle] ?? 0) > untilMs) start = middle + 1;
      else end = middle;
    }
    busy.splice(start, 0, untilMs);
  }
}

/** The calls of a replay, in the order of their arrival. */
interface Calls {
  atMs: Float64Array;
  runMs: Float32Array;
}

/**
 * Instances as they are when a replay begins: those that the calls of its first idle life would have left, had they come before it. Otherwise a
 * short replay of much traffic would consist of cold starts.
 * @param isCalled whether a call is of this function
 */
export function warmedInstances(
  idleLifeMs: number,
  { atMs, runMs }: Calls,
  isCalled = (_index: number) => true,
): Instances {
  const instances = new Instances(idleLifeMs);
  const startMs = atMs[0] ?? 0;
  const before: number[] = [];
  for (const [index, at] of atMs.entries()) {
    if (at - startMs > idleLifeMs) break;
    if (isCalled(index)) before.push(index);
  }
  const lastMs = atMs[before.at(-1) ?? 0] ?? 0;
  const spanMs = lastMs - (atMs[before[0] ?? 0] ?? 0);
  if (spanMs === 0) return instances;
  const shiftMs = lastMs - startMs + spanMs / (before.length - 1);
  for (const index of before) instances.call((atMs[index] ?? 0) - shiftMs, runMs[index] ?? 0, 0);
  return instances;
}
