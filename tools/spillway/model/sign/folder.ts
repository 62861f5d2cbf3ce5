/** Signs a folder and verifies one: the bundle lies beside the files, as `model.sig`. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { firstIssue } from "../../../../formats/first-issue.ts";
import { BUNDLE_FILE, ignoredBy, UNSIGNED_PATHS } from "../../../../formats/model-package/contents.ts";
import { manifestSchema } from "../../../../formats/model-package/manifest.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { type SignedResources, verifyBundle } from "../../../../formats/signature/verify-bundle.ts";
import { type FolderFile, hashFile, listFiles } from "../../../../lambda-origin/package-files.ts";
import { signBundle } from "./sign-bundle.ts";

export interface SignedFolder extends SignedResources {
  files: readonly FolderFile[];
}

/** Every file of the folder that a signature is about. @throws Error with one sentence for people. */
export async function hashFolder(folder: string): Promise<FolderFile[]> {
  const names = await listFiles(folder, UNSIGNED_PATHS);
  if (names.length === 0) throw new Error(`${folder} has no files to sign.`);
  const files: FolderFile[] = [];
  for (const name of names) files.push(await hashFile(folder, name));
  return files;
}

/**
 * Writes `model.sig` into the folder, whole or not at all; an older one is replaced.
 * @param privateKeyPem PKCS#8 PEM, P-256 or P-384
 * @param files what `hashFolder` found, where the caller has looked at it already
 * @throws Error with one sentence for people
 */
export async function signFolder(
  folder: string,
  privateKeyPem: string,
  files: readonly FolderFile[] = [],
): Promise<void> {
  const resources = files.length > 0 ? files : await hashFolder(folder);
  const modelName = basename(resolve(folder)) || "model";
  const bundle = await signBundle({ modelName, resources, ignorePaths: UNSIGNED_PATHS }, privateKeyPem);
  const temporary = join(folder, `.${BUNDLE_FILE}.${process.pid}`);
  try {
    await writeFile(temporary, bundle, { flush: true });
    await rename(temporary, join(folder, BUNDLE_FILE));
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * The folder is what the holder of the key signed: each listed file, and no other.
 * @param publicKeyPem SPKI PEM, P-256 or P-384
 * @throws SignatureError when the bundle does not hold, Error with one sentence for a file that is not what it lists
 */
export async function verifyFolder(folder: string, publicKeyPem: string): Promise<SignedFolder> {
  const signed = await verifyBundle(await readBundle(folder), publicKeyPem);
  const present = new Set(await listFiles(folder, ignoredBy(signed)));
  const listed = new Map(signed.resources.map(({ name, sha256 }) => [name, sha256]));
  for (const name of listed.keys()) {
    if (!present.has(name)) throw new Error(`${join(folder, name)} is missing, but the signature lists it.`);
  }
  for (const name of present) {
    if (!listed.has(name)) throw new Error(`${join(folder, name)} is not in the signature; remove it, or sign again.`);
  }
  const files: FolderFile[] = [];
  for (const [name, sha256] of listed) {
    const file = await hashFile(folder, name);
    if (file.sha256 !== sha256) throw new Error(`${join(folder, name)} was changed after it was signed.`);
    files.push(file);
  }
  return { ...signed, files };
}

async function readBundle(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, BUNDLE_FILE), "utf8");
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
    throw new SignatureError("bundle-unreadable", `${join(folder, BUNDLE_FILE)} is missing: the folder is not signed.`);
  }
}

/** A folder as a Spillway package: its manifest, and whether the files are what the manifest says. */

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
