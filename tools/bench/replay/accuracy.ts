/** What INT8 loses against FP32 on the mail tagger's held-out mails, by the command's own evaluation. */

import { readLabelledTexts } from "../../spillway/model/evaluate/data.ts";
import { evaluate } from "../../spillway/model/evaluate/evaluate.ts";
import { openBothRuntimes } from "../../spillway/model/evaluate/runtimes.ts";
import { stderrProgress } from "../../spillway/terminal/progress.ts";
import { MAIL_TAGGER, mailsFile } from "../held-out-mails.ts";

export interface Accuracy {
  model: string;
  mails: number;
  /** Percent of mails with the right label: each side on the same tokens. */
  edgePercent: number;
  lambdaPercent: number;
  /** Points that INT8 loses; negative if it gains. */
  lossPoints: number;
  /** Percent of mails with the same label from both. */
  sameLabelPercent: number;
}

/** @param limit mails at most, spread evenly over the held-out ones */
export async function measureAccuracy(limit: number): Promise<Accuracy> {
  const runtimes = await openBothRuntimes(MAIL_TAGGER.folder);
  const where = { field: "split", value: "test" };
  const mails = await readLabelledTexts(await mailsFile(), runtimes, { where, limit });
  const what = `the mail tagger on ${mails.length} held-out mails`;
  const { model, edge, originSameInputs, lossPoints, agreement } = await stderrProgress().step(
    what,
    mails.length,
    (advance) => evaluate(runtimes, mails, () => advance()),
  );
  if (edge === null || originSameInputs === null || lossPoints === null || agreement === null)
    throw new Error(`${MAIL_TAGGER.folder} has no edge model to evaluate; restore it with git.`);
  return {
    model,
    mails: edge.texts,
    edgePercent: edge.accuracyPercent,
    lambdaPercent: originSameInputs.accuracyPercent,
    lossPoints,
    sameLabelPercent: agreement.sameLabelPercent,
  };
}
