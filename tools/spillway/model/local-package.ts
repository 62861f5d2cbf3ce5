/** A model package in a folder of this machine, verified before anything is started on it or done with it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { firstIssue } from "../../formats/first-issue.ts";
import { type Manifest, manifestSchema } from "../../formats/model-package/manifest.ts";

export interface LocalPackage {
  folder: string;
  modelId: string;
  manifest: Manifest;
}

const MANIFEST = "manifest.json";
/** Holds for a package of the user's own as for one that came with the checkout. */
const NEXT_STEP =
  "pack the model again with spillway model pack, or restore the folder with git if it is the checkout's own.";

/** @throws Error with one sentence for people when a file is missing or is not what the manifest says. */
export async function openLocalPackage(folder: string): Promise<LocalPackage> {
  const bytes = await readPackageFile(folder, MANIFEST);
  const manifest = parseManifest(join(folder, MANIFEST), bytes);
  for (const { name, sha256 } of manifest.files) {
    const seen = hash(await readPackageFile(folder, name));
    if (seen === sha256) continue;
    const digests = `SHA-256 ${short(seen)}, but the manifest names ${short(sha256)}`;
    throw new Error(`${join(folder, name)} is not the file that was packed (${digests}): ${NEXT_STEP}`);
  }
  return { folder, manifest, modelId: `${manifest.name}@${hash(bytes)}` };
}

export async function readPackageFile(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
    if (isMissing) throw new Error(`${join(folder, name)} is missing: ${NEXT_STEP}`);
    throw error;
  }
}

function parseManifest(path: string, bytes: Uint8Array): Manifest {
  const content = parseJson(new TextDecoder().decode(bytes));
  if (content === undefined) throw new Error(`${path} is not a model manifest (it is not JSON): ${NEXT_STEP}`);
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) {
    throw new Error(`${path} is not a model manifest (${firstIssue(parsed.error)}): ${NEXT_STEP}`);
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}
