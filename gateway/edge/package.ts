/**
 * A model package as the bucket holds it, trusted only as far as its signature goes: the bundle is verified with the pinned
 * key, what is stored must be what the bundle lists, and every file read later must have the digest it names.
 */

import { firstMismatch } from "../../formats/model-package/contents.ts";
import { type Manifest, manifestSchema, objectKey } from "../../formats/model-package/manifest.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import { verifyBundle } from "../../formats/signature/verify-bundle.ts";
import { listObjects, type ModelBucket, PackageError, readObject, type StoredObject, streamObject } from "./bucket.ts";

/** Which package is wanted. */
export interface WantedPackage {
  /** `<name>@<sha256 of its manifest>` */
  modelId: string;
  /** The policy's guard against going back: a package of a lower version is refused. */
  minVersion: number;
}

export interface ModelPackage {
  modelId: string;
  manifest: Manifest;
  edge: NonNullable<Manifest["edge"]>;
}

/** What lies in the bucket under the package's name, by file name. */
export type StoredFiles = ReadonlyMap<string, StoredObject>;

const BUNDLE = "model.sig";
const MANIFEST = "manifest.json";
/** Manifests and bundles larger than this are not ours. */
const SMALL_FILE_MAX_BYTES = 1_048_576;

/** @throws PackageError (unavailable) */
export function listPackage(bucket: ModelBucket, modelId: string): Promise<StoredFiles> {
  return listObjects(bucket, objectKey(modelId, ""));
}

/** Two listings with the same print are of the same uploads. */
export function fingerprint(stored: StoredFiles): string {
  return JSON.stringify([...stored].map(([file, { version }]) => [file, version]).sort());
}

/** Nothing of the package has been used when this resolves, and all of it is accounted for. @throws PackageError */
export async function openPackage(
  bucket: ModelBucket,
  publicKeyPem: string,
  { modelId, minVersion }: WantedPackage,
  stored: StoredFiles,
): Promise<ModelPackage> {
  if (publicKeyPem === "") throw rejected("no public key is pinned");
  for (const file of [BUNDLE, MANIFEST]) if (!stored.has(file)) throw rejected(`${file} is missing`);
  const read = (file: string) => readObject(bucket, objectKey(modelId, file), SMALL_FILE_MAX_BYTES);
  const [bundle, manifestFile] = await Promise.all([read(BUNDLE), read(MANIFEST)]);
  const signed = await signedDigests(bundle.text, publicKeyPem);
  if (manifestFile.sha256 !== signed.get(MANIFEST)) throw rejected(`sha256 of ${MANIFEST}`);
  if (manifestFile.sha256 !== modelId.slice(modelId.indexOf("@") + 1)) throw rejected("manifest-digest");
  const manifest = parseManifest(manifestFile.text);
  compareFiles(stored, signed, manifest);
  if (manifest.edge === null) throw rejected("packed for the origin alone");
  if (manifest.version < minVersion) throw rejected(`version ${manifest.version} is below minVersion ${minVersion}`);
  return { modelId, manifest, edge: manifest.edge };
}

/** One small file of the package as text, verified. @throws PackageError */
export async function readText(bucket: ModelBucket, opened: ModelPackage, file: string): Promise<string> {
  const bytes = new Uint8Array(sizeOf(opened, file));
  await streamFile(bucket, opened, file, (chunk, at) => bytes.set(chunk, at));
  return new TextDecoder().decode(bytes);
}

/**
 * Streams one file into `sink` and verifies it. A chunk is only good until the next one, and what the sink holds must not be
 * used unless this resolves.
 * @throws PackageError
 */
export async function streamFile(
  bucket: ModelBucket,
  opened: ModelPackage,
  file: string,
  sink: (chunk: Uint8Array, at: number) => void,
): Promise<void> {
  await streamObject(bucket, objectKey(opened.modelId, file), entryOf(opened.manifest, file), sink);
}

/** The size of a file in bytes, as the manifest has it. */
export function sizeOf({ manifest }: ModelPackage, file: string): number {
  return entryOf(manifest, file).sizeBytes;
}

function entryOf(manifest: Manifest, file: string) {
  const entry = manifest.files.find(({ name }) => name === file);
  if (entry === undefined) throw rejected(`${file} is not in the manifest`);
  return entry;
}

async function signedDigests(bundle: string, publicKeyPem: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { resources } = await verifyBundle(bundle, publicKeyPem);
    return new Map(resources.map(({ name, sha256 }) => [name, sha256]));
  } catch (error) {
    throw error instanceof SignatureError ? rejected(`signature: ${error.reason}`) : error;
  }
}

/** The bundle, the manifest and the bucket must tell the same story. The origin's file may be left out of the bucket. */
function compareFiles(stored: StoredFiles, signed: ReadonlyMap<string, string>, manifest: Manifest): void {
  const present = new Set([...stored.keys()].filter((name) => name !== BUNDLE));
  const needed = manifest.files.map(({ name }) => name).filter((name) => name !== manifest.origin.file);
  const mismatch = firstMismatch({ present, signed, manifest, needed });
  if (mismatch !== undefined) throw rejected(mismatch);
  for (const { name, sizeBytes } of manifest.files) {
    const object = stored.get(name);
    if (object !== undefined && object.size !== sizeBytes) throw rejected(`size of ${name}`);
  }
}

function parseManifest(text: string): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) throw rejected("manifest-unreadable");
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rejected(reason: string): PackageError {
  return new PackageError("rejected", reason);
}
