/** What this isolate has learned of one package by running it. */
import { RunEstimate } from "./estimate.ts";
import type { ModelPackage } from "./package.ts";

export class Experience {
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
