/** Pure. Accuracy, F1, confusion and agreement of verdicts. */
import type { Verdict } from "./runtimes.ts";

export interface Judged {
  /** What the data says. */
  truth: string;
  verdict: Verdict;
}

export interface Quality {
  texts: number;
  accuracyPercent: number;
  /** Mean over the labels of the harmonic mean of precision and recall. */
  macroF1: number;
  /** counts[truth][said] */
  confusion: Record<string, Record<string, number>>;
}

export function qualityOf(judged: readonly Judged[], labels: readonly string[]): Quality {
  const count = (truth: string, said: string) =>
    judged.filter((one) => one.truth === truth && one.verdict.label === said).length;
  const confusion = Object.fromEntries(
    labels.map((truth) => [truth, Object.fromEntries(labels.map((said) => [said, count(truth, said)]))]),
  );
  const right = labels.reduce((sum, label) => sum + count(label, label), 0);
  return {
    texts: judged.length,
    accuracyPercent: (100 * right) / judged.length,
    macroF1: labels.reduce((sum, label) => sum + f1(label, labels, count), 0) / labels.length,
    confusion,
  };
}

function f1(label: string, labels: readonly string[], count: (truth: string, said: string) => number): number {
  const right = count(label, label);
  const wrong = labels.filter((other) => other !== label);
  const missed = wrong.reduce((sum, said) => sum + count(label, said), 0);
  const mistaken = wrong.reduce((sum, truth) => sum + count(truth, label), 0);
  return right === 0 ? 0 : (2 * right) / (2 * right + missed + mistaken);
}

export interface Agreement {
  sameLabelPercent: number;
  /** Over all labels: how far the two scores of a text lie apart. */
  largestScoreGap: number;
  p99ScoreGap: number;
}

export function agreementOf(one: readonly Judged[], other: readonly Judged[]): Agreement {
  const pairs = one.map(({ verdict }, index) => ({ verdict, twin: other[index]?.verdict }));
  const gaps = pairs
    .map(({ verdict, twin }) =>
      Math.max(...Object.entries(verdict.scores).map(([label, score]) => Math.abs(score - (twin?.scores[label] ?? 0)))),
    )
    .toSorted((a, b) => a - b);
  const same = pairs.filter(({ verdict, twin }) => verdict.label === twin?.label).length;
  return {
    sameLabelPercent: (100 * same) / pairs.length,
    largestScoreGap: gaps.at(-1) ?? 0,
    p99ScoreGap: gaps[Math.floor(gaps.length * 0.99)] ?? 0,
  };
}
