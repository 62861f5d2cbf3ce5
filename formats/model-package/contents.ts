/** Whether a package's accounts of itself agree: what is there, what was signed, what the manifest names. No I/O. */

import { isAtOrUnder } from "../signature/resource-name.ts";
import type { ModelStatement } from "../signature/statement.ts";
import type { Manifest } from "./manifest.ts";

export interface PackageAccounts {
  /** The names of the files that are there, the bundle left out. */
  present: ReadonlySet<string>;
  /** What the bundle lists: file name → SHA-256. Already verified with the pinned key. */
  signed: ReadonlyMap<string, string>;
  manifest: Manifest;
  /** Files that must be there. Each side keeps only what it runs: the other side's model may be absent. */
  needed: readonly string[];
}

/** The first thing that does not fit, as a few words that name the file; undefined where all accounts agree. */
export function firstMismatch({ present, signed, manifest, needed }: PackageAccounts): string | undefined {
  for (const name of [...present, ...manifest.files.map((file) => file.name)]) {
    if (!signed.has(name)) return `${name} is not in the signature`;
  }
  for (const { name, sha256 } of manifest.files) {
    if (signed.get(name) !== sha256) return `${name} is signed with another digest`;
  }
  for (const name of needed) if (!present.has(name)) return `${name} is missing`;
  return undefined;
}

/** What a signature of a folder is not about. */

export const BUNDLE_FILE = "model.sig";

/** What a signature leaves out by default, at the top of the folder only (OpenSSF Model Signing v1.0 §6.2). */
export const UNSIGNED_PATHS = [BUNDLE_FILE, ".git", ".gitattributes", ".github", ".gitignore"];

/** The paths that need not be listed. A file that is listed is never ignored, whatever the paths to ignore say. */
export function ignoredBy({ ignorePaths, resources }: ModelStatement): string[] {
  return [...UNSIGNED_PATHS, ...ignorePaths].filter(
    (ignored) => !resources.some(({ name }) => isAtOrUnder(ignored, name)),
  );
}
