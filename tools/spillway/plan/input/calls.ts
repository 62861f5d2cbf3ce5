/** The calls of all inputs in columns of numbers: a million take 25 MB. */
import type { Call, Parsed } from "./call.ts";

/** More calls are counted in the totals, and not replayed. */
export const MAX_CALLS = 2_000_000;
/** Of each input: the first broken records are shown. */
const MAX_SHOWN = 3;

/** What one input has. */
export interface Counts {
  path: string;
  format: string;
  calls: number;
  /** Reports of an INIT without a call. */
  inits: number;
  /** Records that are no calls, such as the function's own log. */
  other: number;
  broken: number;
  firstBroken: { line: number; why: string }[];
}

/** Unknown numbers are NaN. */
export class Calls {
  n = 0;
  atMs = new Float64Array(1024);
  runMs = new Float32Array(1024);
  tokens = new Float32Array(1024);
  initMs = new Float32Array(1024);
  billedMs = new Float32Array(1024);
  /** Of all calls, also of those that are not kept. */
  readonly totals = { calls: 0, failed: 0, inits: 0, billedCalls: 0, mibMs: 0, mibMsSquared: 0 };
  /** Calls by the memory of their function. */
  readonly memories = new Map<number, number>();

  add({ atMs, runMs, tokens, initMs, billedMs, memoryMiB, failed }: Call): void {
    const { totals } = this;
    totals.calls += 1;
    if (failed) totals.failed += 1;
    if (initMs !== null) totals.inits += 1;
    if (memoryMiB !== null) this.memories.set(memoryMiB, (this.memories.get(memoryMiB) ?? 0) + 1);
    if (billedMs !== null && memoryMiB !== null) {
      totals.billedCalls += 1;
      totals.mibMs += billedMs * memoryMiB;
      totals.mibMsSquared += (billedMs * memoryMiB) ** 2;
    }
    if (this.n === MAX_CALLS) return;
    if (this.n === this.atMs.length) this.#grow();
    this.atMs[this.n] = atMs ?? Number.NaN;
    this.runMs[this.n] = runMs ?? Number.NaN;
    this.tokens[this.n] = tokens ?? Number.NaN;
    this.initMs[this.n] = initMs ?? Number.NaN;
    this.billedMs[this.n] = billedMs ?? Number.NaN;
    this.n += 1;
  }

  #grow(): void {
    const times = new Float64Array(this.n * 2);
    times.set(this.atMs);
    this.atMs = times;
    for (const name of ["runMs", "tokens", "initMs", "billedMs"] as const) {
      const larger = new Float32Array(this.n * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}

/** Counts records, and keeps the calls among them. */
export class Counter {
  readonly counts: Counts;
  readonly #calls: Calls;

  constructor(path: string, format: string, calls: Calls) {
    this.counts = { path, format, calls: 0, inits: 0, other: 0, broken: 0, firstBroken: [] };
    this.#calls = calls;
  }

  receive(line: number, parsed: Parsed): void {
    const { counts } = this;
    if (parsed.kind === "call") {
      counts.calls += 1;
      this.#calls.add(parsed.call);
    } else if (parsed.kind === "init") counts.inits += 1;
    else if (parsed.kind === "other") counts.other += 1;
    else {
      counts.broken += 1;
      if (counts.firstBroken.length < MAX_SHOWN) counts.firstBroken.push({ line, why: parsed.why });
    }
  }
}
