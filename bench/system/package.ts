/** The model package that `npm start` would serve. */
import type { Manifest } from "../../models/manifest.ts";
import { type LocalPackage, openLocalPackage } from "../../tools/start/local-package.ts";
import { readSettings } from "../../tools/start/settings.ts";

export interface EdgePackage extends LocalPackage {
  edge: NonNullable<Manifest["edge"]>;
}

/** @throws Error with one sentence when there is none, or none for the edge */
export async function openPackage(): Promise<EdgePackage> {
  const opened = await openLocalPackage(readSettings(process.env).modelFolder);
  const { edge } = opened.manifest;
  if (edge === null) throw new Error(`${opened.folder} is packed for the origin alone; there is no edge to measure.`);
  return { ...opened, edge };
}
