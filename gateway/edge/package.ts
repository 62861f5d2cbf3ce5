/** A model package in the bucket: opened with the pinned key, its files verified as they stream in. */
import type { Manifest, ManifestFile } from "../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, objectKey } from "../../formats/model-package/names.ts";
import { openSignedPackage, type PackageSource } from "../../formats/model-package/open-package.ts";
import { describeFault, type PackageFault } from "../../formats/model-package/package-fault.ts";
import type { Classifier } from "../sides.ts";
import {
  type ChunkSink,
  listObjects,
  type ModelBucket,
  PackageError,
  readObject,
  type StoredObject,
  streamObject,
} from "./bucket.ts";
import { chooseEntry, type EdgeEngines } from "./choose-engine.ts";
import type { ModelPackage } from "./engine.ts";

/** Which package is wanted. */
export interface WantedPackage {
  /** `<name>@<SHA-256 of its manifest>` */
  modelId: string;
  /** The policy's rollback protection: packages of a lower version are rejected. */
  minVersion: number;
  /** The package whose labels a candidate must have: callers get the same ones from every isolate. Null: it is no candidate. */
  labelsOf: string | null;
}

/** The objects in the bucket under the package's name, by file name. */
export type StoredFiles = ReadonlyMap<string, StoredObject>;

/** Manifests and bundles are smaller than this. */
const MAX_SMALL_FILE_BYTES = 1_048_576;

/** @throws PackageError (unavailable) */
export function listPackage(bucket: ModelBucket, modelId: string): Promise<StoredFiles> {
  return listObjects(bucket, objectKey(modelId, ""));
}

/** Two listings with the same fingerprint are of the same uploads. */
export function fingerprint(stored: StoredFiles): string {
  return JSON.stringify([...stored].map(([file, { version }]) => [file, version]).sort());
}

/** What decides whether a package can be trusted, and which of its entries runs. */
export interface OpenParts {
  bucket: ModelBucket;
  /** PEM of the key that packages must be signed with. */
  publicKeyPem: string;
  engines: EdgeEngines;
  /** Lets others run. Without it, signature and manifest are verified in one piece. */
  pause?(): Promise<unknown>;
}

/** Verifies signature, manifest and the list of stored files; their bytes are verified as they are read. @throws PackageError */
export async function openPackage(
  { bucket, publicKeyPem, engines, pause }: OpenParts,
  { modelId, minVersion }: Pick<WantedPackage, "modelId" | "minVersion">,
  stored: StoredFiles,
): Promise<ModelPackage> {
  const result = await openSignedPackage(
    { ...sourceOf(bucket, modelId, stored), ...(pause && { pause }) },
    {
      publicKeyPem,
      modelId,
      minVersion,
      needed: filesInBucket,
    },
  );
  if (!result.ok) throw rejected(result.fault);
  const { manifest } = result.opened;
  return { modelId, manifest, ...chooseEntry(manifest, engines) };
}

/** The model as callers know it. */
export function classifierOf({ modelId, manifest: { labels, problemType } }: ModelPackage): Classifier {
  return { model: modelId, labels, problemType };
}

/** One small file of the package as text, verified. @throws PackageError */
export async function readText(bucket: ModelBucket, opened: ModelPackage, file: string): Promise<string> {
  const bytes = new Uint8Array(sizeOf(opened, file));
  await streamFile(bucket, opened, file, (chunk, at) => bytes.set(chunk, at));
  return new TextDecoder().decode(bytes);
}

/** Streams one file into `sink` and verifies it. The sink's bytes must not be used unless this resolves. @throws PackageError */
export async function streamFile(
  bucket: ModelBucket,
  { modelId, manifest }: ModelPackage,
  file: string,
  sink: ChunkSink,
): Promise<void> {
  await streamObject(bucket, objectKey(modelId, file), entryOf(manifest, file), sink);
}

/** The size of a file in bytes, as the manifest lists it. @throws PackageError */
export function sizeOf({ manifest }: ModelPackage, file: string): number {
  return entryOf(manifest, file).sizeBytes;
}

function entryOf(manifest: Manifest, file: string): ManifestFile {
  const entry = manifest.files.find(({ name }) => name === file);
  if (entry === undefined) throw rejected({ kind: "unlisted", file });
  return entry;
}

/** A bucket holds package files only, so nothing in it is left unsigned. */
function sourceOf(bucket: ModelBucket, modelId: string, stored: StoredFiles): PackageSource {
  return {
    list: async () =>
      [...stored]
        .filter(([name]) => name !== BUNDLE_FILE)
        .map(([name, { size }]) => ({ name, sizeBytes: size, sha256: null })),
    readSmall: async (name) =>
      stored.has(name) ? readObject(bucket, objectKey(modelId, name), MAX_SMALL_FILE_BYTES) : null,
  };
}

/** The origin's model may be missing in the bucket: it is deployed with the Lambda function. */
function filesInBucket({ files, origin }: Manifest): string[] {
  return files.map(({ name }) => name).filter((name) => name !== origin.file);
}

function rejected(fault: PackageFault): PackageError {
  return new PackageError("rejected", describeFault(fault));
}
