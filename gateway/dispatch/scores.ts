/** Pure. Logits to Hugging Face's rows, in one place for both sides: an answer does not depend on the side that computed it. */
import type { ScoreFunction } from "../receive/request-shape.ts";
import type { SideAnswer } from "../sides.ts";

export interface LabelScore {
  label: string;
  score: number;
}

/** One row, best first. A long text's scores are the token-weighted mean over its windows. */
export function toRow(
  answer: SideAnswer,
  requested: ScoreFunction | undefined,
  topK: number | undefined,
): LabelScore[] {
  const apply = requested ?? (answer.problemType === "multi_label_classification" ? "sigmoid" : "softmax");
  const scores = meanOverWindows(
    answer.windows.map(({ tokens, logits }) => ({ tokens, scores: applied(apply, logits) })),
  );
  return answer.labels
    .map((label, index) => ({ label, score: scores[index] ?? 0 }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
}

function applied(apply: ScoreFunction, logits: readonly number[]): number[] {
  switch (apply) {
    case "none":
      return [...logits];
    case "sigmoid":
      return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
    case "softmax": {
      const largest = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - largest));
      const sum = powers.reduce((total, power) => total + power, 0);
      return powers.map((power) => power / sum);
    }
  }
}

function meanOverWindows(windows: readonly { tokens: number; scores: readonly number[] }[]): number[] {
  // A text without content tokens has one window of weight 0.
  const weights = windows.map(({ tokens }) => (windows.length === 1 ? 1 : tokens));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const first = windows[0]?.scores ?? [];
  return first.map((_, label) =>
    windows.reduce((sum, { scores }, index) => sum + ((weights[index] ?? 0) / total) * (scores[label] ?? 0), 0),
  );
}
