/**
 * What a load of the model is billed for: its CPU time and its reads of the bucket. In production the clock moves only across I/O, and each
 * read of a load begins behind a pause. So the time of the reads is waited, and the rest of the load is CPU time, also what other requests did
 * in its pauses.
 */
import type { Billed } from "../../formats/ledger/prices.ts";
import type { Clock } from "../call.ts";
import type { ModelBucket } from "./bucket.ts";

export class LoadUse {
  #reads = 0;
  #lists = 0;
  #waitedMs = 0;
  /** Waits that are not over, and when the first of them began: reads may overlap. */
  #waits = 0;
  #waitingSinceMs = 0;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #startedAtMs: number;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
    this.#startedAtMs = clock.nowMs();
  }

  /** The same bucket, with its use counted. */
  metered(bucket: ModelBucket): ModelBucket {
    return {
      list: (options) => {
        this.#lists += 1;
        return this.waiting(bucket.list(options));
      },
      get: async (key) => {
        this.#reads += 1;
        const stored = await this.waiting(bucket.get(key));
        if (stored === null) return null;
        const { body, size } = stored;
        return {
          size,
          body: {
            getReader: (options) => {
              const reader = body.getReader(options);
              return { readAtLeast: (minBytes, buffer) => this.waiting(reader.readAtLeast(minBytes, buffer)) };
            },
          },
        };
      },
    };
  }

  /** Waits for something that takes no CPU time of the load. */
  async waiting<T>(work: Promise<T>): Promise<T> {
    if (this.#waits === 0) this.#waitingSinceMs = this.#clock.nowMs();
    this.#waits += 1;
    try {
      return await work;
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0) this.#waitedMs += this.#clock.nowMs() - this.#waitingSinceMs;
    }
  }

  /** What the load has used so far. */
  billed(): Billed[] {
    const cpuMs = this.#clock.nowMs() - this.#startedAtMs - this.#waitedMs;
    return [
      { usage: "load-cpu-us", quantity: Math.round(cpuMs * 1000) },
      { usage: "r2-reads", quantity: this.#reads },
      { usage: "r2-lists", quantity: this.#lists },
    ];
  }
}
