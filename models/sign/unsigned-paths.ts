/** What a signature of a folder is not about. */
import { isAtOrUnder } from "./resource-name.ts";
import type { ModelStatement } from "./statement.ts";

export const BUNDLE_FILE = "model.sig";

/** What a signature leaves out by default, at the top of the folder only (OpenSSF Model Signing v1.0 §6.2). */
export const UNSIGNED_PATHS = [BUNDLE_FILE, ".git", ".gitattributes", ".github", ".gitignore"];

/** The paths that need not be listed. A file that is listed is never ignored, whatever the paths to ignore say. */
export function ignoredBy({ ignorePaths, resources }: ModelStatement): string[] {
  return [...UNSIGNED_PATHS, ...ignorePaths].filter(
    (ignored) => !resources.some(({ name }) => isAtOrUnder(ignored, name)),
  );
}
