/** Signs a folder and verifies one. The signature lies beside the files, as `model.sig`. */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ManifestFile } from "../../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE } from "../../../../formats/model-package/names.ts";
import { UNSIGNED_PATHS, unsignedPaths } from "../../../../formats/model-package/open-package.ts";
import { sha256Hex } from "../../../../formats/sha256.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { type SignedResources, verifyBundle } from "../../../../formats/signature/verify-bundle.ts";
import { listFiles } from "../../../../lambda-origin/package-folder.ts";
import { isLfsPointer, lfsPointerProblem, readUserText } from "../../../process/read-text.ts";
import { hashFile } from "../hash-file.ts";
import { signBundle } from "./sign-bundle.ts";

export interface SignedFolder extends SignedResources {
  files: readonly ManifestFile[];
}

/** Size and digest of every file that a signature of the folder covers. @throws Error with one sentence */
export async function hashFolder(folder: string): Promise<ManifestFile[]> {
  const names = await listFiles(folder, UNSIGNED_PATHS);
  if (names.length === 0) throw new Error(`${folder} has no files to sign.`);
  const files: ManifestFile[] = [];
  for (const name of names) files.push(await hashFile(folder, name));
  return files;
}

/**
 * Writes `model.sig` into the folder, completely or not at all; an older one is replaced.
 * @param privateKeyPem PKCS#8 PEM, P-256 or P-384
 * @param files the result of `hashFolder`, if the caller has it already
 * @throws Error with one sentence
 */
export async function signFolder(
  folder: string,
  privateKeyPem: string,
  files: readonly ManifestFile[] = [],
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
 * Verifies that the folder contains exactly what the holder of the key signed: each listed file, and no other.
 * @param publicKeyPem SPKI PEM, P-256 or P-384
 * @throws SignatureError if the signature is not valid; Error with one sentence for a file that is not as listed
 */
export async function verifyFolder(folder: string, publicKeyPem: string): Promise<SignedFolder> {
  const signed = await verifyBundle(await readBundle(folder), publicKeyPem);
  const present = new Set(await listFiles(folder, unsignedPaths(signed)));
  const listed = new Map(signed.resources.map(({ name, sha256 }) => [name, sha256]));
  for (const name of listed.keys()) {
    if (!present.has(name)) throw new Error(`${join(folder, name)} is missing, but the signature lists it.`);
  }
  for (const name of present) {
    if (!listed.has(name)) throw new Error(`${join(folder, name)} is not in the signature; remove it, or sign again.`);
  }
  const files: ManifestFile[] = [];
  for (const [name, sha256] of listed) {
    const file = await hashFile(folder, name);
    if (file.sha256 !== sha256) throw new Error(await describeChange(join(folder, name), sha256));
    files.push(file);
  }
  return { ...signed, files };
}

/** Texts of a package are smaller. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** Names what git or an editor has done to a file, with the next step. @param signed the digest of the file that was signed */
async function describeChange(path: string, signed: string): Promise<string> {
  if ((await stat(path)).size <= MAX_TEXT_BYTES) {
    const bytes = await readFile(path);
    if (isLfsPointer(bytes)) return lfsPointerProblem(path);
    // Byte for byte, whatever the file is.
    const text = bytes.toString("latin1");
    const isSigned = (changed: string) => sha256Hex(Buffer.from(changed, "latin1")) === signed;
    if (isSigned(text.replaceAll("\r\n", "\n"))) {
      return `${path} has CRLF line ends, which git writes with core.autocrlf, and was signed with LF: add "* -text" to .gitattributes and check it out again.`;
    }
    if (isSigned(text.replace(/^\xef\xbb\xbf/, ""))) {
      return `${path} begins with a byte order mark, which was added after it was signed; remove it, or check the file out again.`;
    }
  }
  return `${path} was changed after it was signed.`;
}

async function readBundle(folder: string): Promise<string> {
  try {
    return await readUserText(join(folder, BUNDLE_FILE));
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
    throw new SignatureError("bundle-unreadable", `${join(folder, BUNDLE_FILE)} is missing: the folder is not signed.`);
  }
}
