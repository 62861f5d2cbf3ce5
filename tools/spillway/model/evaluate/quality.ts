/** Pure. Accuracy, F1, confusion and agreement of verdicts. */
import type { Prediction } from "./runtimes.ts";

export interface Judged {
  /** What the data says: one label, or of a multi-label problem any number. */
  truth: string | readonly string[];
  verdict: Prediction;
}

export interface Quality {
  texts: number;
  /** Of a multi-label problem: texts of which every label is right. */
  accuracyPercent: number;
  /** Mean over the labels of the harmonic mean of precision and recall; 0 for a label that was never found. */
  macroF1: number;
  /** counts[truth][said]; null of a multi-label problem. */
  confusion: Record<string, Record<string, number>> | null;
}

/** Of a multi-label problem, a label with at least this score is said. */
const SAID_SCORE_MIN = 0.5;

export function qualityOf(judged: readonly Judged[], labels: readonly string[]): Quality {
  const pairs = judged.map((one) => ({ truth: new Set([one.truth].flat()), said: saidBy(one) }));
  const right = pairs.filter(({ truth, said }) => same(truth, said)).length;
  return {
    texts: judged.length,
    accuracyPercent: (100 * right) / judged.length,
    macroF1: labels.reduce((sum, label) => sum + f1(label, pairs), 0) / labels.length,
    confusion: confusionOf(judged, labels),
  };
}

function saidBy({ truth, verdict }: Judged): ReadonlySet<string> {
  if (typeof truth === "string") return new Set([verdict.label]);
  return new Set(Object.keys(verdict.scores).filter((label) => (verdict.scores[label] ?? 0) >= SAID_SCORE_MIN));
}

function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && one.isSubsetOf(other);
}

function f1(label: string, pairs: readonly { truth: ReadonlySet<string>; said: ReadonlySet<string> }[]): number {
  const count = (inTruth: boolean, inSaid: boolean) =>
    pairs.filter(({ truth, said }) => truth.has(label) === inTruth && said.has(label) === inSaid).length;
  const found = count(true, true);
  return found === 0 ? 0 : (2 * found) / (2 * found + count(true, false) + count(false, true));
}

function confusionOf(judged: readonly Judged[], labels: readonly string[]): Quality["confusion"] {
  const confusion: Record<string, Record<string, number>> = {};
  for (const truth of labels) confusion[truth] = Object.fromEntries(labels.map((said) => [said, 0]));
  for (const { truth, verdict } of judged) {
    if (typeof truth !== "string") return null;
    const row = confusion[truth];
    if (row) row[verdict.label] = (row[verdict.label] ?? 0) + 1;
  }
  return confusion;
}

export interface Agreement {
  /** Of a multi-label problem: the same set of labels. */
  sameLabelPercent: number;
  /** The same label, and every score within 0.05: what the gateway promises of texts that either side may answer. */
  alikePercent: number;
  /** Over all labels: how far the two scores of a text lie apart. */
  largestScoreGap: number;
  p99ScoreGap: number;
}

const ALIKE_SCORE_GAP = 0.05;

/** `one` and `other` are of the same texts in the same order. */
export function agreementOf(one: readonly Judged[], other: readonly Judged[]): Agreement {
  const pairs = one.flatMap((judged, index) => {
    const twin = other[index];
    return twin ? [{ judged, twin }] : [];
  });
  const compared = pairs.map(({ judged, twin }) => ({
    agrees: same(saidBy(judged), saidBy(twin)),
    gap: scoreGap(judged.verdict.scores, twin.verdict.scores),
  }));
  const gaps = compared.map(({ gap }) => gap).toSorted((a, b) => a - b);
  const percentOf = (holds: (one: { agrees: boolean; gap: number }) => boolean) =>
    (100 * compared.filter(holds).length) / compared.length;
  return {
    sameLabelPercent: percentOf(({ agrees }) => agrees),
    alikePercent: percentOf(({ agrees, gap }) => agrees && gap <= ALIKE_SCORE_GAP),
    largestScoreGap: gaps.at(-1) ?? 0,
    p99ScoreGap: gaps[Math.floor(gaps.length * 0.99)] ?? 0,
  };
}

function scoreGap(one: Prediction["scores"], other: Prediction["scores"]): number {
  return Math.max(...Object.entries(one).map(([label, score]) => Math.abs(score - (other[label] ?? 0))));
}
