/** How far both edge engines are from the FP32 model: labels that change, and the mean gap between logits. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { seededRandom } from "../../seeded-random.ts";
import { stderrProgress } from "../../spillway/terminal/progress.ts";
import { MAIL_TAGGER, mailsFile } from "../held-out-mails.ts";
import type { EdgePackage } from "../system/package.ts";
import { textsOf } from "../texts.ts";
import type { Runner } from "./runners.ts";

export interface Accuracy {
  model: string;
  /** What was compared. */
  texts: string;
  count: number;
  /** Texts whose best label differs from the FP32 model's. */
  labelsChanged: number;
  stockLabelsChanged: number;
  /** Mean absolute difference of a logit to the FP32 model's. */
  meanGap: number;
  stockMeanGap: number;
  maxGap: number;
  stockMaxGap: number;
}

/** Texts of generated models: random words, lengths spread over the range. */
const RANDOM_TEXTS = 200;
const SEED = 1;

const mailSchema = z.object({ text: z.string(), split: z.string() });

interface Runners {
  engine: Runner;
  stock: Runner;
  fp32: Runner;
}

/** @param maxTexts compared at most */
export async function compareAccuracy(runners: Runners, opened: EdgePackage, maxTexts: number): Promise<Accuracy> {
  const { name } = opened.manifest;
  const { texts, inputs } = name === MAIL_TAGGER.name ? await heldOutMails(opened) : await randomTexts(opened);
  const compared = inputs.slice(0, maxTexts);
  const gaps = { engine: new Gaps(), stock: new Gaps() };
  const what = `comparing ${compared.length} ${texts} with the FP32 model`;
  await stderrProgress().step(what, compared.length, async (advance) => {
    for (const tokenIds of compared) {
      const { logits: reference } = await runners.fp32(tokenIds, 1);
      gaps.engine.add((await runners.engine(tokenIds, 1)).logits, reference);
      gaps.stock.add((await runners.stock(tokenIds, 1)).logits, reference);
      advance();
    }
  });
  return {
    model: name,
    texts,
    count: compared.length,
    labelsChanged: gaps.engine.labelsChanged,
    stockLabelsChanged: gaps.stock.labelsChanged,
    meanGap: gaps.engine.mean(),
    stockMeanGap: gaps.stock.mean(),
    maxGap: gaps.engine.max,
    stockMaxGap: gaps.stock.max,
  };
}

class Gaps {
  labelsChanged = 0;
  max = 0;
  #sum = 0;
  #count = 0;

  add(logits: readonly number[], reference: readonly number[]): void {
    if (best(logits) !== best(reference)) this.labelsChanged += 1;
    for (const [index, value] of reference.entries()) {
      const gap = Math.abs((logits[index] ?? Number.NaN) - value);
      this.max = Math.max(this.max, gap);
      this.#sum += gap;
      this.#count += 1;
    }
  }

  mean(): number {
    return this.#sum / this.#count;
  }
}

function best(logits: readonly number[]): number {
  return logits.indexOf(Math.max(...logits));
}

/** The first tokens of each mail, as many as the edge takes. */
async function heldOutMails(opened: EdgePackage) {
  const { encode } = await textsOf(opened);
  const lines = (await readFile(await mailsFile(), "utf8")).split("\n").filter((line) => line !== "");
  const mails = lines.map((line) => mailSchema.parse(JSON.parse(line))).filter(({ split }) => split === "test");
  return { texts: "held-out mails", inputs: mails.map(({ text }) => cut(encode(text), opened.edge.maxTokens)) };
}

/** Keeps the closing special token. */
function cut(tokenIds: readonly number[], maxTokens: number): number[] {
  return tokenIds.length <= maxTokens ? [...tokenIds] : [...tokenIds.slice(0, maxTokens - 1), ...tokenIds.slice(-1)];
}

async function randomTexts(opened: EdgePackage) {
  const { make, encode } = await textsOf(opened);
  const random = seededRandom(SEED);
  const shortest = 4;
  const inputs = Array.from({ length: RANDOM_TEXTS }, (_, seed) =>
    encode(make(shortest + Math.floor(random() * (opened.edge.maxTokens - shortest)), seed)),
  );
  return { texts: "texts of random words", inputs };
}
