/** What an isolate learns about a package by running it: the time of a run, and how many tokens its heap holds. */
import type { TokenModel } from "../../formats/model-package/manifest.ts";
import type { ModelPackage } from "./engine.ts";

export class LearnedLimits {
  readonly modelId: string;
  readonly #packageMaxTokens: number;
  readonly #estimate: RunEstimate;
  /** The fewest tokens that ran out of memory in this isolate: texts of that length are not attempted again. */
  #outOfMemoryTokens = Number.POSITIVE_INFINITY;

  constructor({ modelId, edge }: Pick<ModelPackage, "modelId" | "edge">) {
    this.modelId = modelId;
    this.#packageMaxTokens = edge.maxTokens;
    this.#estimate = new RunEstimate(edge.timeMs);
  }

  maxTokens(): number {
    return Math.min(this.#packageMaxTokens, this.#outOfMemoryTokens - 1);
  }

  /** @param tokens of the texts of one run */
  predictedMs(...tokens: readonly number[]): number {
    return this.#estimate.predictedMs(...tokens);
  }

  /** @param tokens of the texts of one run */
  observe(tokens: readonly number[], measuredMs: number): void {
    this.#estimate.observe(tokens, measuredMs);
  }

  /** Lowers the limit after a long text ran out of memory. False for a short text: then the heap itself is used up. */
  learnsOutOfMemory(tokens: number): boolean {
    if (tokens <= this.#packageMaxTokens / 2) return false;
    this.#outOfMemoryTokens = Math.min(this.#outOfMemoryTokens, tokens);
    return true;
  }
}

/** How much one observation counts. */
const WEIGHT = 0.2;
/** One stalled run must not close the edge for minutes. */
const CORRECTION_MAX = 10;

/** Texts that run together have one `base`. A fitted base may be below 0, which would make each more text cheaper. */
function evaluate({ base, perToken, perTokenSquared }: TokenModel, texts: readonly number[]): number {
  const all = texts.reduce((sum, tokens) => sum + base + perToken * tokens + perTokenSquared * tokens * tokens, 0);
  return all - (texts.length - 1) * Math.max(0, base);
}

/** Predicts the time of a run from the tokens of its texts: the package's time model, corrected by the runs of this isolate. */
export class RunEstimate {
  #correction = 1;
  readonly #model: TokenModel;

  constructor(model: TokenModel) {
    this.#model = model;
  }

  predictedMs(...tokens: readonly number[]): number {
    return Math.max(0, evaluate(this.#model, tokens)) * this.#correction;
  }

  /** A measurement of 0 ms is ignored: the clock did not move. */
  observe(tokens: readonly number[], measuredMs: number): void {
    const modelMs = evaluate(this.#model, tokens);
    if (measuredMs <= 0 || modelMs <= 0) return;
    const seen = Math.min(CORRECTION_MAX, measuredMs / modelMs);
    this.#correction += WEIGHT * (seen - this.#correction);
  }
}
