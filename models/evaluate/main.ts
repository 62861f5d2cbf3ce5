/** `npm run model:evaluate`: the mail tagger on its held-out mails, through the runtimes that serve; fails below the gate. */
import { loadMails, mailsOf } from "../data/mails.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import type { Quality } from "./quality.ts";
import { openRuntimes } from "./runtimes.ts";

const PACKAGE_FOLDER = process.env["SPILLWAY_MODEL_DIR"] || "models/mail-tagger";
const ACCURACY_MIN_PERCENT = 97;
const LOSS_MAX_POINTS = 0.4;
const TEXTS_MIN = 1000;
/** How far the two sides' scores of one text may lie apart, for 99 of 100 texts; a borderline text may lie further. */
const SCORE_GAP_MAX = 0.05;
const SAME_LABEL_MIN_PERCENT = 99.5;

const mails = mailsOf("test", loadMails());
const runtimes = await openRuntimes(PACKAGE_FOLDER);
const evaluation = await evaluate(runtimes, mails, (done) => {
  if (done % 100 === 0 || done === mails.length) console.error(`  … ${done} of ${mails.length} held-out mails`);
});
console.log(table(evaluation));

const failures = judge(evaluation);
for (const failure of failures) console.error(`✗ ${failure}`);
if (failures.length > 0) process.exit(1);
console.log(
  `✓ accuracy ≥ ${ACCURACY_MIN_PERCENT} % on ≥ ${TEXTS_MIN} held-out mails, INT8 within ${LOSS_MAX_POINTS} points of FP32, the sides agree`,
);

function judge({ edge, originSameInputs, asServed, lossPoints, agreement }: Evaluation): string[] {
  const failed: string[] = [];
  if (edge.texts < TEXTS_MIN) failed.push(`only ${edge.texts} held-out mails; the gate needs ${TEXTS_MIN}`);
  for (const [name, { accuracyPercent }] of Object.entries({ edge, originSameInputs, asServed })) {
    if (accuracyPercent < ACCURACY_MIN_PERCENT) {
      failed.push(`${name}: accuracy ${accuracyPercent.toFixed(2)} % is below ${ACCURACY_MIN_PERCENT} %`);
    }
  }
  if (lossPoints > LOSS_MAX_POINTS)
    failed.push(`INT8 loses ${lossPoints.toFixed(2)} points; at most ${LOSS_MAX_POINTS}`);
  if (agreement.p99ScoreGap > SCORE_GAP_MAX || agreement.sameLabelPercent < SAME_LABEL_MIN_PERCENT) {
    failed.push(
      `the sides agree on ${agreement.sameLabelPercent.toFixed(2)} % of the labels (at least ${SAME_LABEL_MIN_PERCENT} %) ` +
        `and on 99 % of the scores within ${agreement.p99ScoreGap.toFixed(4)} (at most ${SCORE_GAP_MAX})`,
    );
  }
  return failed;
}

function table({
  model,
  edgeTokens,
  edge,
  originSameInputs,
  originWhole,
  asServed,
  agreement,
  lossPoints,
}: Evaluation) {
  const line = (name: string, { accuracyPercent, macroF1, confusion }: Quality) =>
    `  ${name.padEnd(34)}${accuracyPercent.toFixed(2).padStart(7)} %  ${macroF1.toFixed(4)}   ${JSON.stringify(confusion)}`;
  return [
    `${model} on ${edge.texts} held-out mails`,
    `  ${"".padEnd(34)} accuracy  macro F1 confusion (truth → said)`,
    line(`INT8 edge, first ${edgeTokens} tokens`, edge),
    line(`FP32 origin, first ${edgeTokens} tokens`, originSameInputs),
    line("FP32 origin, whole mails", originWhole),
    line("as served: short edge, long origin", asServed),
    `  INT8 against FP32: ${lossPoints.toFixed(2)} points lost, same label ${agreement.sameLabelPercent.toFixed(2)} %, ` +
      `99 % of scores within ${agreement.p99ScoreGap.toFixed(4)}, largest gap ${agreement.largestScoreGap.toFixed(4)}`,
  ].join("\n");
}
