/**
 * A package as the function was deployed with it, trusted only as far as its signature goes: the bundle is verified with the
 * pinned key, what is in the folder must be what the bundle lists, and every file that is read must have the digest it names.
 */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { BUNDLE_FILE, firstMismatch, ignoredBy } from "../formats/model-package/contents.ts";
import type { Manifest } from "../formats/model-package/manifest.ts";
import { SignatureError } from "../formats/signature/signature-error.ts";
import { type SignedResources, verifyBundle } from "../formats/signature/verify-bundle.ts";
import {
  listFiles,
  MANIFEST_FILE,
  type OriginFiles,
  originFileNames,
  parseManifest,
  readOriginFiles,
  sha256Hex,
} from "./package-files.ts";

/** Where the package is, and who is believed about it: the function's own configuration. */
export type PackageSource = {
  /** `SPILLWAY_MODEL_DIR` */
  folder: string | undefined;
  /** `MODEL_PUBLIC_KEY`: SPKI PEM, the same key that the Worker pins. */
  publicKeyPem: string | undefined;
  /** `SPILLWAY_MODEL_SIGNATURE`: the bundle's path, where it is not `model.sig` in the folder. */
  signatureFile?: string | undefined;
};

export type SignedPackage = OriginFiles & {
  /** `<name>@<sha256 of the manifest's bytes>` */
  modelId: string;
  manifest: Manifest;
};

/** Nothing of the package has been parsed before its digest was found in the signature. @throws Error with one sentence */
export async function readSignedPackage(source: PackageSource): Promise<SignedPackage> {
  const { folder, publicKeyPem } = source;
  if (!folder) throw new Error("SPILLWAY_MODEL_DIR is not set; it names the folder of a model package");
  if (!publicKeyPem) {
    throw new Error("MODEL_PUBLIC_KEY is not set; it holds the public key in PEM that the package was signed with");
  }
  const listed = await verifiedBundle(source.signatureFile || join(folder, BUNDLE_FILE), publicKeyPem);
  const signed = new Map(listed.resources.map(({ name, sha256 }) => [name, sha256]));

  const manifestBytes = await readOrSay(join(folder, MANIFEST_FILE), "deploy the package whole");
  const manifestDigest = sha256Hex(manifestBytes);
  if (signed.get(MANIFEST_FILE) !== manifestDigest) {
    throw new Error(`${MANIFEST_FILE} has SHA-256 ${manifestDigest}; signed is ${signed.get(MANIFEST_FILE) ?? "none"}`);
  }
  const manifest = parseManifest(manifestBytes);
  const present = new Set(await listFiles(folder, ignoredBy(listed)));
  const mismatch = firstMismatch({ present, signed, manifest, needed: originFileNames(manifest) });
  if (mismatch !== undefined) throw new Error(`${mismatch}: deploy the package as it was signed, or sign it again`);
  return { modelId: `${manifest.name}@${manifestDigest}`, manifest, ...(await readOriginFiles(folder, manifest)) };
}

async function verifiedBundle(path: string, publicKeyPem: string): Promise<SignedResources> {
  const bundle = await readOrSay(path, "make it with spillway model sign");
  try {
    return await verifyBundle(bundle.toString("utf8"), publicKeyPem);
  } catch (error) {
    throw error instanceof SignatureError ? new Error(`signature: ${error.reason}: ${error.message}`) : error;
  }
}

async function readOrSay(path: string, nextStep: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`${basename(path)} cannot be read (${detail}): ${nextStep}`);
  }
}
