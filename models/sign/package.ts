/** A folder as a Spillway package: its manifest, and whether the files are what the manifest says. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { manifestSchema } from "../manifest.ts";
import { firstIssue } from "./first-issue.ts";
import type { FolderFile } from "./folder-files.ts";

const MANIFEST_FILE = "manifest.json";
/** Other tools have a manifest.json as well; ours says what it is. */
const packageMark = z.object({ format: z.string().startsWith("spillway-model/") });

/**
 * @param files what was found in the folder, as hashed
 * @returns `<name>@<sha256 of the manifest>`, or undefined where the folder is not a Spillway package
 * @throws Error with one sentence for a package whose manifest is not valid or does not fit its files
 */
export async function identifyPackage(folder: string, files: readonly FolderFile[]): Promise<string | undefined> {
  const found = new Map(files.map((file) => [file.name, file]));
  const manifestFile = found.get(MANIFEST_FILE);
  const content = manifestFile && parseJson(await readFile(join(folder, MANIFEST_FILE), "utf8"));
  if (!manifestFile || !packageMark.safeParse(content).success) return undefined;
  const path = join(folder, MANIFEST_FILE);
  const manifest = manifestSchema.safeParse(content);
  if (!manifest.success) {
    throw new Error(`${path} is not a valid manifest (${firstIssue(manifest.error)}); pack the model again.`);
  }
  for (const { name, sizeBytes, sha256 } of manifest.data.files) {
    const file = found.get(name);
    if (file === undefined) throw new Error(`${join(folder, name)} is missing, but the manifest names it; pack again.`);
    if (file.sizeBytes !== sizeBytes || file.sha256 !== sha256) {
      const seen =
        file.sizeBytes === sizeBytes
          ? `SHA-256 ${file.sha256.slice(0, 12)}… here, ${sha256.slice(0, 12)}… in the manifest`
          : `${file.sizeBytes} bytes here, ${sizeBytes} in the manifest`;
      throw new Error(`${join(folder, name)} is not the file that the manifest names (${seen}); pack again.`);
    }
  }
  return `${manifest.data.name}@${manifestFile.sha256}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
