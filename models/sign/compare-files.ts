/** Whether a package's accounts of itself agree: what is there, what was signed, what the manifest names. No I/O. */
import type { Manifest } from "../manifest.ts";

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
