/** What this isolate has learned of one package by running it. */

import type { TokenModel } from "../../formats/model-package/manifest.ts";
import type { ModelPackage } from "./package.ts";

export class LearnedLimits {
  readonly modelId: string;
  readonly #packageMaxTokens: number;
  readonly #estimate: RunEstimate;
  /** The fewest tokens that ran out of memory here: such texts are not tried again. */
  #outOfMemoryTokens = Number.POSITIVE_INFINITY;

  constructor({ modelId, edge }: ModelPackage) {
    this.modelId = modelId;
    this.#packageMaxTokens = edge.maxTokens;
    this.#estimate = new RunEstimate(edge.timeMs);
  }

  maxTokens(): number {
    return Math.min(this.#packageMaxTokens, this.#outOfMemoryTokens - 1);
  }

  predictedMs(tokens: number): number {
    return this.#estimate.predictedMs(tokens);
  }

  observe(tokens: number, measuredMs: number): void {
    this.#estimate.observe(tokens, measuredMs);
  }

  /** A long text teaches where the heap ends. False for a short one: when that does not fit, it is the heap that is spent. */
  learnsOutOfMemory(tokens: number): boolean {
    if (tokens <= this.#packageMaxTokens / 2) return false;
    this.#outOfMemoryTokens = Math.min(this.#outOfMemoryTokens, tokens);
    return true;
  }
}

/** Predicts the time of a run from its tokens: the package's model, corrected by what this isolate has seen. Pure but for its one number. */

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
