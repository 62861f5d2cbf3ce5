/** Pure. An evaluation as a table for people. */
import type { Evaluation } from "./evaluate.ts";
import type { Quality } from "./quality.ts";

const NAME_WIDTH = 38;
/** Larger confusion matrices are printed by `--json` only. */
const MAX_CONFUSION_LABELS = 12;

/** @param what names the texts: "held-out mails" */
export function evaluationTable(evaluation: Evaluation, what: string): string {
  const { model, edgeTokens, edge, originSameInputs, originWhole, asServed, agreement, lossPoints } = evaluation;
  return [
    `${model} on ${edge.texts} ${what}`,
    "",
    `  ${"".padEnd(NAME_WIDTH)}accuracy   macro F1`,
    row(`INT8 edge, first ${edgeTokens} tokens`, edge),
    row(`FP32 origin, first ${edgeTokens} tokens`, originSameInputs),
    row("FP32 origin, whole texts", originWhole),
    row("as served: short edge, long origin", asServed),
    "",
    `  INT8 against FP32: ${lossPoints.toFixed(2)} points lost, same label ${agreement.sameLabelPercent.toFixed(2)} %, ` +
      `same label and scores within 0.05 ${agreement.alikePercent.toFixed(2)} %, ` +
      `99 % of scores within ${agreement.p99ScoreGap.toFixed(4)}, largest gap ${agreement.largestScoreGap.toFixed(4)}`,
    ...confusionTable(asServed),
  ].join("\n");
}

function row(name: string, { accuracyPercent, macroF1 }: Quality): string {
  return `  ${name.padEnd(NAME_WIDTH)}${accuracyPercent.toFixed(2).padStart(6)} %   ${macroF1.toFixed(4).padStart(8)}`;
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
