/** The model package of this checkout, verified before anything is started on it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestSchema } from "../../models/manifest.ts";

export interface LocalPackage {
  folder: string;
  modelId: string;
  manifest: Manifest;
}

/** @throws Error with one sentence for people when a file is missing or is not what the manifest says. */
export async function openLocalPackage(folder: string): Promise<LocalPackage> {
  const bytes = await readPackageFile(folder, "manifest.json");
  const parsed = manifestSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (!parsed.success)
    throw new Error(`${join(folder, "manifest.json")} is not a model manifest. Restore it with git.`);
  const manifest = parsed.data;
  for (const { name, sha256 } of manifest.files) {
    if (hash(await readPackageFile(folder, name)) !== sha256) {
      throw new Error(`${join(folder, name)} is not the file that the manifest names. Restore it with git.`);
    }
  }
  return { folder, manifest, modelId: `${manifest.name}@${hash(bytes)}` };
}

export async function readPackageFile(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name));
  } catch {
    throw new Error(`${join(folder, name)} is missing. Restore it with git.`);
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
