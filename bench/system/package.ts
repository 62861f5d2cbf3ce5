/** The model package that a bench measures: the one that `npm start` would serve, or one of DistilBERT's size. */
import type { Manifest } from "../../models/manifest.ts";
import { type LocalPackage, openLocalPackage } from "../../tools/start/local-package.ts";
import { step } from "../../tools/start/progress.ts";
import { readSettings } from "../../tools/start/settings.ts";
import { oneOf } from "../arguments.ts";
import type { OptionValues } from "../bench.ts";
import { distilbertPackage } from "./distilbert-package.ts";

export const MODEL_OPTION = { model: { type: "string" } } as const;

export interface EdgePackage extends LocalPackage {
  edge: NonNullable<Manifest["edge"]>;
  /** What somebody would load who does it the plain way: the same weights as a file for InferenceSession.create. */
  plainFile: string;
}

/** @throws UsageError; Error with one sentence when there is no package, or none for the edge */
export async function openPackage(values: OptionValues): Promise<EdgePackage> {
  const wanted = oneOf(values, "model", ["default", "distilbert"]);
  const { folder, int8File } =
    wanted === "distilbert"
      ? await distilbertPackage()
      : { folder: readSettings(process.env).modelFolder, int8File: null };
  const opened = await step(`verifying the package in ${folder}`, () => openLocalPackage(folder));
  const { edge } = opened.manifest;
  if (edge === null) throw new Error(`${folder} is packed for the origin alone; there is no edge to measure.`);
  return { ...opened, edge, plainFile: int8File ?? `${folder}/${edge.file}` };
}
