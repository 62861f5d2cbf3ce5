/** `npm run model:evaluate`: the mail tagger on its held-out mails, through the runtimes that serve; fails below the gate. */

import { type Evaluation, evaluate } from "../../tools/spillway/model/evaluate/evaluate.ts";
import { openRuntimes } from "../../tools/spillway/model/evaluate/runtimes.ts";
import { evaluationTable } from "../../tools/spillway/model/evaluate/table.ts";
import { loadMails, mailsOf } from "./mails.ts";

const PACKAGE_FOLDER = process.env["SPILLWAY_MODEL_DIR"] || "models/mail-tagger";
const ACCURACY_MIN_PERCENT = 97;
const LOSS_MAX_POINTS = 0.4;
const TEXTS_MIN = 1000;
/** Both sides answer alike: same label, scores within 0.05. A few borderline mails cannot be held to it; see decision 010. */
const ALIKE_MIN_PERCENT = 99.5;

const mails = mailsOf("test", loadMails());
const evaluation = await evaluate(await openRuntimes(PACKAGE_FOLDER), mails, (done) => {
  if (done % 100 === 0 || done === mails.length) console.error(`  … ${done} of ${mails.length} held-out mails`);
});
console.log(evaluationTable(evaluation, "held-out mails"));

const failures = judge(evaluation);
for (const failure of failures) console.error(`✗ ${failure}`);
if (failures.length > 0) process.exit(1);
console.log(
  `✓ accuracy ≥ ${ACCURACY_MIN_PERCENT} % on ≥ ${TEXTS_MIN} held-out mails, INT8 within ${LOSS_MAX_POINTS} points of FP32, at least ${ALIKE_MIN_PERCENT} % answered alike by both sides`,
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
  if (agreement.alikePercent < ALIKE_MIN_PERCENT) {
    failed.push(
      `the sides answer ${agreement.alikePercent.toFixed(2)} % of the mails alike (the same label, scores within 0.05); at least ${ALIKE_MIN_PERCENT} %`,
    );
  }
  return failed;
}
