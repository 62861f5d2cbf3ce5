/** Pure. Accuracy, F1 and confusion of predictions, and the agreement of two models. */
import type { Prediction } from "./runtimes.ts";

export interface LabelledPrediction {
  /** The correct label; any number of labels for a multi-label model. */
  truth: string | readonly string[];
  prediction: Prediction;
}

export interface Quality {
  texts: number;
  /** Percent of texts with the correct label; for a multi-label model, with all labels correct. */
  accuracyPercent: number;
  /**
   * Mean of the F1 of each label that a text has: the harmonic mean of its precision and recall. A label that was never found counts
   * as 0, and a label that no text has does not count.
   */
  macroF1: number;
  /** F1 of all decisions about a label and a text together: frequent labels count more. For a single-label model, the accuracy. */
  microF1: number;
  /** How many labels the texts have. */
  occurringLabels: number;
  /** counts[truth][predicted]; null for a multi-label model. */
  confusion: Record<string, Record<string, number>> | null;
}

/** A multi-label model predicts a label if its score is at least this. */
export const DEFAULT_THRESHOLD = 0.5;

/**
 * @param labels all labels of the model
 * @param threshold the lowest score of a predicted label, for a multi-label model
 */
export function qualityOf(
  texts: readonly LabelledPrediction[],
  labels: readonly string[],
  threshold: number = DEFAULT_THRESHOLD,
): Quality {
  const pairs = texts.map((text) => ({
    truth: new Set([text.truth].flat()),
    predicted: predictedLabels(text, threshold),
  }));
  const correct = pairs.filter(({ truth, predicted }) => same(truth, predicted)).length;
  const counts = labels.map((label) => countsOf(label, pairs));
  const occurring = counts.filter(({ found, missed }) => found + missed > 0);
  return {
    texts: texts.length,
    accuracyPercent: (100 * correct) / texts.length,
    macroF1: occurring.reduce((sum, each) => sum + f1(each), 0) / Math.max(1, occurring.length),
    microF1: f1({
      found: sumOf(counts, ({ found }) => found),
      wrong: sumOf(counts, ({ wrong }) => wrong),
      missed: sumOf(counts, ({ missed }) => missed),
    }),
    occurringLabels: occurring.length,
    confusion: confusionOf(texts, labels),
  };
}

function predictedLabels({ truth, prediction }: LabelledPrediction, threshold: number): ReadonlySet<string> {
  if (typeof truth === "string") return new Set([prediction.label]);
  const scores = Object.entries(prediction.scores);
  return new Set(scores.filter(([, score]) => score >= threshold).map(([label]) => label));
}

function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && one.isSubsetOf(other);
}

interface LabelSets {
  truth: ReadonlySet<string>;
  predicted: ReadonlySet<string>;
}

/** Decisions about one label. */
interface Counts {
  /** Predicted where it is right. */
  found: number;
  /** Predicted where it is not. */
  wrong: number;
  /** Not predicted where it is right. */
  missed: number;
}

function countsOf(label: string, pairs: readonly LabelSets[]): Counts {
  const count = (isTrue: boolean, isPredicted: boolean) =>
    pairs.filter(({ truth, predicted }) => truth.has(label) === isTrue && predicted.has(label) === isPredicted).length;
  return { found: count(true, true), wrong: count(false, true), missed: count(true, false) };
}

function f1({ found, wrong, missed }: Counts): number {
  return found === 0 ? 0 : (2 * found) / (2 * found + wrong + missed);
}

function sumOf(counts: readonly Counts[], pick: (counts: Counts) => number): number {
  return counts.reduce((sum, each) => sum + pick(each), 0);
}

function confusionOf(texts: readonly LabelledPrediction[], labels: readonly string[]): Quality["confusion"] {
  const confusion: Record<string, Record<string, number>> = {};
  for (const truth of labels) confusion[truth] = Object.fromEntries(labels.map((predicted) => [predicted, 0]));
  for (const { truth, prediction } of texts) {
    if (typeof truth !== "string") return null;
    const row = confusion[truth];
    if (row) row[prediction.label] = (row[prediction.label] ?? 0) + 1;
  }
  return confusion;
}

export interface Agreement {
  /** Percent of texts with the same label; for a multi-label model, with the same set of labels. */
  sameLabelPercent: number;
  /** Percent of texts with the same label and every score within 0.05: the gateway's promise for texts that either side may answer. */
  alikePercent: number;
  /** Largest difference of a score, over all texts and labels. */
  largestScoreGap: number;
  /** 99 % of the texts have a largest difference of at most this. */
  p99ScoreGap: number;
}

const MAX_ALIKE_SCORE_GAP = 0.05;

/** Compares two models' predictions for the same texts in the same order. @param threshold as for `qualityOf` */
export function agreementOf(
  one: readonly LabelledPrediction[],
  other: readonly LabelledPrediction[],
  threshold: number = DEFAULT_THRESHOLD,
): Agreement {
  const compared = one.flatMap((first, index) => {
    const second = other[index];
    if (second === undefined) return [];
    const agrees = same(predictedLabels(first, threshold), predictedLabels(second, threshold));
    return [{ agrees, gap: scoreGap(first.prediction.scores, second.prediction.scores) }];
  });
  const gaps = compared.map(({ gap }) => gap).toSorted((a, b) => a - b);
  const percentOf = (holds: (text: { agrees: boolean; gap: number }) => boolean) =>
    (100 * compared.filter(holds).length) / compared.length;
  return {
    sameLabelPercent: percentOf(({ agrees }) => agrees),
    alikePercent: percentOf(({ agrees, gap }) => agrees && gap <= MAX_ALIKE_SCORE_GAP),
    largestScoreGap: gaps.at(-1) ?? 0,
    p99ScoreGap: gaps[Math.floor(gaps.length * 0.99)] ?? 0,
  };
}

function scoreGap(one: Prediction["scores"], other: Prediction["scores"]): number {
  return Math.max(...Object.entries(one).map(([label, score]) => Math.abs(score - (other[label] ?? 0))));
}
