/** `npm run model:evaluate`: evaluates the mail tagger on its held-out mails with the serving runtimes. It fails below the limits. */
import { join } from "node:path";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import { dropUnreadOutput } from "../../tools/process/quiet-pipes.ts";
import { answerWithoutOptions, endWith } from "../../tools/process/standard-words.ts";
import { type Evaluation, evaluate } from "../../tools/spillway/model/evaluate/evaluate.ts";
import { openRuntimes, type Runtimes } from "../../tools/spillway/model/evaluate/runtimes.ts";
import { evaluationTable } from "../../tools/spillway/model/evaluate/table.ts";
import { loadMails, mailsOf } from "./mails.ts";
import { predictAll } from "./predict-all.ts";

const PACKAGE_FOLDER = process.env["SPILLWAY_MODEL_DIR"] || "models/mail-tagger";
const MIN_ACCURACY_PERCENT = 97;
const MAX_LOSS_POINTS = 0.4;
const MIN_TEXTS = 1000;
/** Mails that both sides answer alike: same label, scores within 0.05. A few borderline mails do not; see decision 010. */
const MIN_ALIKE_PERCENT = 99.5;

/** The same model as ONNX Runtime's quantizer made it: what the package's INT8 weights are compared with. */
const STOCK_INT8 = {
  engine: "onnxruntime-web",
  path: join(import.meta.dirname, "onnxruntime-web.ort"),
  heapBytes: 37_093_376,
  maxTokens: 512,
} as const;

const USAGE = `Usage: npm run model:evaluate

Evaluates the mail tagger on its held-out mails with the serving runtimes, and fails below its limits.
SPILLWAY_MODEL_DIR names another package.`;

dropUnreadOutput();
endWith(answerWithoutOptions(process.argv.slice(2), "npm run model:evaluate", USAGE));
const mails = mailsOf("test", loadMails());
const progress = (done: number) => {
  if (done % 100 === 0 || done === mails.length) console.error(`  … ${done} of ${mails.length} held-out mails`);
};
const opened = await openRuntimes(PACKAGE_FOLDER);
const known = await predictAll({ packageFolder: PACKAGE_FOLDER, stock: STOCK_INT8 }, mails, progress);
/** Mails are single texts. */
const knownOf = (text: TextOrPair) => known(typeof text === "string" ? text : text.text);
const runtimes: Runtimes = {
  ...opened,
  edge: async (text) => knownOf(text).edge,
  origin: async (text) => knownOf(text).origin,
  originWhole: async (text) => knownOf(text).whole,
};
const evaluation = await evaluate(runtimes, mails, () => {});
const stock = await evaluate({ ...runtimes, edge: async (text) => knownOf(text).stock }, mails, () => {});
const changed = { package: labelsChanged(evaluation), stock: labelsChanged(stock) };
console.log(evaluationTable(evaluation, "held-out mails"));
console.log(
  `\n  labels that differ from FP32: ${changed.package} of ${mails.length}, with onnxruntime-web's INT8 ${changed.stock}; ` +
    `accuracy of onnxruntime-web's INT8 ${stock.edge?.accuracyPercent.toFixed(2)} %`,
);

const failures = judge(evaluation);
for (const failure of failures) console.error(`✗ ${failure}`);
if (failures.length > 0) process.exit(1);
console.log(
  `✓ accuracy ≥ ${MIN_ACCURACY_PERCENT} % on ≥ ${MIN_TEXTS} held-out mails, INT8 within ${MAX_LOSS_POINTS} points of FP32, no more labels changed than by onnxruntime-web's INT8, at least ${MIN_ALIKE_PERCENT} % answered alike by both sides`,
);

function judge({ edge, originSameInputs, asServed, lossPoints, agreement }: Evaluation): string[] {
  const failed: string[] = [];
  if (edge === null || originSameInputs === null || agreement === null || lossPoints === null) {
    return ["the package has no edge model"];
  }
  if (edge.texts < MIN_TEXTS) failed.push(`only ${edge.texts} held-out mails; at least ${MIN_TEXTS} are required`);
  for (const [name, { accuracyPercent }] of Object.entries({ edge, originSameInputs, asServed })) {
    if (accuracyPercent < MIN_ACCURACY_PERCENT) {
      failed.push(`${name}: accuracy ${accuracyPercent.toFixed(2)} % is below ${MIN_ACCURACY_PERCENT} %`);
    }
  }
  if (lossPoints > MAX_LOSS_POINTS)
    failed.push(`INT8 loses ${lossPoints.toFixed(2)} points; at most ${MAX_LOSS_POINTS}`);
  if (changed.package > changed.stock) {
    failed.push(`${changed.package} labels differ from FP32, and only ${changed.stock} with onnxruntime-web's INT8`);
  }
  if (agreement.alikePercent < MIN_ALIKE_PERCENT) {
    failed.push(
      `the sides answer ${agreement.alikePercent.toFixed(2)} % of the mails alike (the same label, scores within 0.05); at least ${MIN_ALIKE_PERCENT} %`,
    );
  }
  return failed;
}

/** Texts to which the edge's INT8 model gives another label than the FP32 model. */
function labelsChanged({ edge, agreement }: Evaluation): number {
  return Math.round(((edge?.texts ?? 0) * (100 - (agreement?.sameLabelPercent ?? 0))) / 100);
}
