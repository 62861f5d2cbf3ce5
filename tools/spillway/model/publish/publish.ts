/** Puts a signed package where isolates read it: under its digest, so that nothing that is stored is ever changed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, objectKey } from "../../../../formats/model-package/manifest.ts";

export interface SignedPackage {
  folder: string;
  /** `<name>@<sha256 of its manifest>` */
  modelId: string;
  manifest: Manifest;
  /** The text of `model.sig`. */
  bundle: string;
}

/** Where objects are put; local or remote. Nobody asks what is there: what a bucket says of a file that rotted is that it is well. */
export interface Bucket {
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** Heard before each file; `sentBytes` of `totalBytes` have been dealt with. */
export type PublishProgress = (file: string, sentBytes: number, totalBytes: number) => void;

/**
 * Only what the edge reads; the origin's file travels with the Lambda function. The signature comes last: until it stands,
 * isolates refuse the package, and look again when it does.
 * @throws Error with one sentence for a package that has nothing for the edge
 */
export async function publishPackage(
  { folder, modelId, manifest, bundle }: SignedPackage,
  bucket: Bucket,
  progress: PublishProgress = () => {},
): Promise<void> {
  const files = edgeFiles(manifest);
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let sentBytes = 0;
  for (const { name, sizeBytes } of files) {
    progress(name, sentBytes, totalBytes);
    await bucket.put(objectKey(modelId, name), await readFile(join(folder, name)));
    sentBytes += sizeBytes;
  }
  progress("model.sig", sentBytes, totalBytes);
  await bucket.put(objectKey(modelId, "manifest.json"), await readFile(join(folder, "manifest.json")));
  await bucket.put(objectKey(modelId, "model.sig"), new TextEncoder().encode(bundle));
}

function edgeFiles({ name, edge, tokenizer, files }: Manifest) {
  if (edge === null)
    throw new Error(`${name} was packed for the origin alone; there is nothing to publish for the edge.`);
  const wanted = [tokenizer.file, tokenizer.configFile, edge.file];
  return files.filter((file) => wanted.includes(file.name));
}
