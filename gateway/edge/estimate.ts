/** Predicts the time of a run from its tokens: the package's model, corrected by what this isolate has seen. Pure but for its one number. */
import type { TokenModel } from "../../models/manifest.ts";

/** How much one observation counts. */
const WEIGHT = 0.2;
/** One stalled run must not close the edge for minutes. */
const CORRECTION_MAX = 10;

function evaluate({ base, perToken, perTokenSquared }: TokenModel, tokens: number): number {
  return base + perToken * tokens + perTokenSquared * tokens * tokens;
}

export class RunEstimate {
  #correction = 1;
  readonly #model: TokenModel;

  constructor(model: TokenModel) {
    this.#model = model;
  }

  predictedMs(tokens: number): number {
    return Math.max(0, evaluate(this.#model, tokens)) * this.#correction;
  }

  /** A measurement of 0 ms says that the clock stood still, not that the run was free: it teaches nothing. */
  observe(tokens: number, measuredMs: number): void {
    const modelMs = evaluate(this.#model, tokens);
    if (measuredMs <= 0 || modelMs <= 0) return;
    const seen = Math.min(CORRECTION_MAX, measuredMs / modelMs);
    this.#correction += WEIGHT * (seen - this.#correction);
  }
}
