/** The model package that `npm start` would serve. */
import { type LocalPackage, openLocalPackage } from "../../tools/start/local-package.ts";
import { readSettings } from "../../tools/start/settings.ts";

export function openPackage(): Promise<LocalPackage> {
  return openLocalPackage(readSettings(process.env).modelFolder);
}
