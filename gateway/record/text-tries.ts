/** What one text's tries leave behind: their spans, of which the first is linked to by every later one, and what they cost. */
import type { Span } from "@opentelemetry/api";

export type TryKind = "first" | "hedge" | "fallback" | "shadow";

export class TextTries {
  #first: Span | undefined;
  #costUsd = 0;

  /** Of the tries that are over, in US dollars. */
  get costUsd(): number {
    return this.#costUsd;
  }

  begin(span: Span, kind: TryKind): void {
    if (kind === "first") {
      this.#first = span;
      return;
    }
    span.setAttribute("spillway.try", kind);
    if (this.#first !== undefined) span.addLink({ context: this.#first.spanContext() });
  }

  end(span: Span, costUsd: number): void {
    span.setAttribute("spillway.cost.usd", costUsd);
    this.#costUsd += costUsd;
  }
}
