/**
 * One value of Workers KV as one isolate sees it: read when it is stale, served while KV is slow or out.
 * Time is lazy: the value carries its timestamps, and no timer outlives the request that started it. No request awaits a promise of
 * another request, because the runtime would cancel that promise together with its request (docs/decisions/005).
 */

export interface KvClock {
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

/** A value that was read, and when that read began. */
export interface KnownValue<T> {
  value: T;
  readAtMs: number;
}

export interface KvFailure {
  /** `silent`: no answer within the wait. `error`: the read failed. */
  kind: "silent" | "error";
  problem: string;
}

export interface KvTimes {
  /** A value read within this time is served without asking KV. */
  freshMs: number;
  /** While a known value may serve, KV is asked at most once in this time. */
  askAgainMs: number;
  /** How long a request waits for KV while a known value may serve. */
  warmWaitMs: number;
  /** How long a request waits for KV while nothing may serve. */
  coldWaitMs: number;
}

export interface KvValueParts<T> {
  times: KvTimes;
  clock: KvClock;
  /** Reads the value from KV. */
  load(): Promise<T>;
  /** Whether requests can be served without an answer of KV. `known` is null before the first answer. */
  mayServe(known: KnownValue<T> | null, nowMs: number): boolean;
  /** Receives each value that replaces the known one. It may arrive after the request that asked for it. */
  loaded(value: T): void;
  failed(failure: KvFailure): void;
}

export class KvValue<T> {
  #known: KnownValue<T> | null = null;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  readonly #parts: KvValueParts<T>;

  constructor(parts: KvValueParts<T>) {
    this.#parts = parts;
  }

  /** The newest value that was read; null before the first answer. */
  get known(): KnownValue<T> | null {
    return this.#known;
  }

  /**
   * Reads the value for one request.
   * @param keepAlive keeps the request's context alive, so that a late answer still counts
   * @returns `value`: null when none may serve; `asked`: whether KV was asked, which is billed
   */
  async read(keepAlive: (work: Promise<unknown>) => void): Promise<{ value: T | null; asked: boolean }> {
    const { clock, times, mayServe, failed } = this.#parts;
    const nowMs = clock.nowMs();
    const before = this.#known;
    if (before !== null && nowMs - before.readAtMs < times.freshMs) return { value: before.value, asked: false };
    const serves = mayServe(before, nowMs);
    if (serves && nowMs - this.#askedAtMs < times.askAgainMs) return { value: before?.value ?? null, asked: false };
    // Set before the answer: requests that arrive meanwhile use the known value. With no value to serve, each request asks.
    if (serves) this.#askedAtMs = nowMs;
    const refreshed = this.#refresh(nowMs);
    keepAlive(refreshed);
    const waitMs = serves ? times.warmWaitMs : times.coldWaitMs;
    const silent = clock.wait(waitMs).then(() => "silent" as const);
    if ((await Promise.race([refreshed, silent])) === "silent") {
      failed({ kind: "silent", problem: `KV did not answer within ${waitMs} ms` });
    }
    const after = this.#known;
    const isNew = after !== null && after.readAtMs >= nowMs;
    return { value: isNew || mayServe(after, clock.nowMs()) ? (after?.value ?? null) : null, asked: true };
  }

  async #refresh(begunAtMs: number): Promise<void> {
    const { load, loaded, failed } = this.#parts;
    try {
      const value = await load();
      // An answer that arrives after the answer of a later read is old.
      if (begunAtMs < (this.#known?.readAtMs ?? Number.NEGATIVE_INFINITY)) return;
      this.#known = { value, readAtMs: begunAtMs };
      this.#askedAtMs = begunAtMs;
      loaded(value);
    } catch (error) {
      // A failure of an old read is not reported once a later read has succeeded.
      const isNews = begunAtMs > (this.#known?.readAtMs ?? Number.NEGATIVE_INFINITY);
      if (isNews) failed({ kind: "error", problem: `KV could not be read: ${String(error)}` });
    }
  }
}
