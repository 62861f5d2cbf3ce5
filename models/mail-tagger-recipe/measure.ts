/** Measures the numbers of the model card on the held-out mails, through the runtimes that serve. Writes .spillway/measurements/test.json. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { evaluate, type LabelledText } from "../../tools/spillway/model/evaluate/evaluate.ts";
import { qualityOf } from "../../tools/spillway/model/evaluate/quality.ts";
import { openBothRuntimes } from "../../tools/spillway/model/evaluate/runtimes.ts";
import { loadMails, type Mail, mailsOf } from "./mails.ts";

const OUTPUT_FOLDER = ".spillway/measurements";
const SHORT_LENGTHS = [16, 32, 64, 128] as const;

const mails = loadMails();
const heldOut = mailsOf("test", mails);
const runtimes = await openBothRuntimes("models/mail-tagger");

async function edgeQuality(texts: readonly LabelledText[], tokens: number) {
  const predictions = [];
  for (const { text, label } of texts) {
    predictions.push({ truth: label, prediction: await runtimes.edge(text, tokens) });
  }
  return qualityOf(predictions, runtimes.labels);
}

function sizes(split: Mail["split"]) {
  const count = (label: string) => mailsOf(split, mails).filter((mail) => mail.label === label).length;
  return { ham: count("ham"), spam: count("spam") };
}

const everyday: LabelledText[] = JSON.parse(await readFile(join(import.meta.dirname, "everyday-check.json"), "utf8"));
const evaluation = await evaluate(runtimes, heldOut, () => {});
const accuracyByTokens: Record<string, number> = {};
for (const tokens of SHORT_LENGTHS) {
  accuracyByTokens[tokens] = (await edgeQuality(heldOut, tokens)).accuracyPercent;
}
const measurement = {
  ...evaluation,
  splits: { train: sizes("train"), validation: sizes("validation"), test: sizes("test") },
  groups: new Set(mails.map(({ group }) => group)).size,
  edgeAccuracyPercentByTokens: accuracyByTokens,
  everyday: await edgeQuality(everyday, runtimes.edgeTokens),
};
await mkdir(OUTPUT_FOLDER, { recursive: true });
await writeFile(join(OUTPUT_FOLDER, "test.json"), `${JSON.stringify(measurement, null, 2)}\n`);
