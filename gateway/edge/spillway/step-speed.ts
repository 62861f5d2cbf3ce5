/** How fast this machine computes, learned from runs: a step of the engine is bounded by work, because clocks stand still in it. */
import { DEFAULT_UNITS_PER_MS } from "../../../engine/encoder/encoder.ts";

/** Until V8 has optimized the kernels, they are ten times slower. The golden runs of a load correct it. */
const FIRST_UNITS_PER_MS = DEFAULT_UNITS_PER_MS / 12;
/** Clocks have whole milliseconds: a shorter run is too inexact. */
const MIN_OBSERVED_MS = 5;
/** How much one run counts. */
const WEIGHT = 0.3;

export class StepSpeed {
  #unitsPerMs = FIRST_UNITS_PER_MS;

  /** Units of work that the engine does in a millisecond. */
  get unitsPerMs(): number {
    return this.#unitsPerMs;
  }

  /** @param ms time of the steps, in which these units were done */
  observe(units: number, ms: number): void {
    if (ms < MIN_OBSERVED_MS || units <= 0) return;
    this.#unitsPerMs += WEIGHT * (units / ms - this.#unitsPerMs);
  }
}

/** The time of one run's steps, without what others did in its pauses if the clock shows that. */
export class StepTimer {
  readonly #nowMs: () => number;
  #beganAtMs: number;
  #units = 0;
  #computedMs = 0;
  #elapsedMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#beganAtMs = nowMs();
  }

  /** Counts a step that has ended. */
  ended(units: number): void {
    this.#units += units;
    this.#computedMs += this.#nowMs() - this.#beganAtMs;
  }

  /** To be called after the pause, as the next step begins. */
  begins(): void {
    const resumedAtMs = this.#nowMs();
    this.#elapsedMs += resumedAtMs - this.#beganAtMs;
    this.#beganAtMs = resumedAtMs;
  }

  /** Reports the steps so far. In production the clock moves only in a pause, so a step's time ends after it. */
  reportTo(speed: StepSpeed): void {
    speed.observe(this.#units, this.#computedMs > 0 ? this.#computedMs : this.#elapsedMs);
  }
}
