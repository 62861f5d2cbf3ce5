/** Pure. An evaluation as a table for people. */
import type { Evaluation } from "./evaluate.ts";
import type { Agreement, Quality } from "./quality.ts";

const NAME_WIDTH = 38;
/** Larger confusion matrices are printed by `--json` only. */
const MAX_CONFUSION_LABELS = 12;

/** @param what names the texts: "held-out mails" */
export function evaluationTable(evaluation: Evaluation, what: string): string {
  const { model, edgeTokens, edge, originSameInputs, originWhole, asServed, refusedPairs } = evaluation;
  const isMultiLabel = evaluation.threshold !== null;
  const row = (name: string, quality: Quality | null) => (quality === null ? [] : [rowOf(name, quality, isMultiLabel)]);
  return [
    `${model} on ${originWhole.texts} ${what}`,
    "",
    `  ${"".padEnd(NAME_WIDTH)}accuracy   macro F1${isMultiLabel ? "   micro F1" : ""}`,
    ...row(`INT8 edge, first ${edgeTokens} tokens`, edge),
    ...row(`FP32 origin, first ${edgeTokens} tokens`, originSameInputs),
    ...row("FP32 origin, whole texts", originWhole),
    ...(edge === null ? [] : row("as served: short edge, long origin", asServed)),
    "",
    ...(isMultiLabel
      ? [
          `  a label is predicted from a score of ${evaluation.threshold} on; macro F1 is of the ${originWhole.occurringLabels} labels that the texts have`,
        ]
      : []),
    ...(refusedPairs > 0
      ? [`  left out: ${refusedPairs} pairs that are too long for the model, which callers get 413 for`]
      : []),
    comparisonLine(evaluation),
    ...confusionTable(asServed),
  ].join("\n");
}

function comparisonLine({ edgeTokens, agreement, lossPoints }: Evaluation): string {
  if (edgeTokens === null) return "  packed for the origin only: there is no INT8 model to compare";
  if (agreement === null || lossPoints === null)
    return `  no pair has at most ${edgeTokens} tokens: nothing to compare`;
  return agreementLine(agreement, lossPoints);
}

function agreementLine({ sameLabelPercent, alikePercent, p99ScoreGap, largestScoreGap }: Agreement, loss: number) {
  return (
    `  INT8 against FP32: ${loss.toFixed(2)} points lost, same label ${sameLabelPercent.toFixed(2)} %, ` +
    `same label and scores within 0.05 ${alikePercent.toFixed(2)} %, ` +
    `99 % of scores within ${p99ScoreGap.toFixed(4)}, largest gap ${largestScoreGap.toFixed(4)}`
  );
}

function rowOf(name: string, { accuracyPercent, macroF1, microF1 }: Quality, isMultiLabel: boolean): string {
  const scores = [macroF1, ...(isMultiLabel ? [microF1] : [])];
  return `  ${name.padEnd(NAME_WIDTH)}${accuracyPercent.toFixed(2).padStart(6)} %${scores.map((score) => `   ${score.toFixed(4).padStart(8)}`).join("")}`;
}

function confusionTable({ confusion }: Quality): string[] {
  if (confusion === null) return [];
  const labels = Object.keys(confusion);
  if (labels.length > MAX_CONFUSION_LABELS) return [];
  const width = Math.max(6, ...labels.map((label) => label.length)) + 2;
  const line = (name: string, cells: readonly (string | number)[]) =>
    `  ${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(width)).join("")}`;
  return [
    "",
    "  as served, truth ↓ predicted →",
    line("", labels),
    ...labels.map((truth) => line(truth, Object.values(confusion[truth] ?? {}))),
  ];
}
