/** Puts a signed package into a bucket under its model id, so that no published object ever changes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "../../../../formats/encodings.ts";
import { edgeFileNames } from "../../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, objectKey } from "../../../../formats/model-package/names.ts";
import { type Progress, silent } from "../../terminal/progress.ts";
import type { SignedPackage } from "../local-package.ts";
import type { Bucket } from "./bucket.ts";

/**
 * Publishes the files that the edge reads; the origin's file is deployed with the Lambda function. The signature is written
 * last: without it isolates reject the package, and with it they read it again. Every object is written, even one that is there:
 * the bucket's stored digest does not show damaged bytes.
 * @throws Error with one sentence if the package has no edge model
 */
export async function publishPackage(
  { folder, modelId, manifest, bundle }: SignedPackage,
  bucket: Bucket,
  progress: Progress = silent,
): Promise<void> {
  if (manifest.edge === null) {
    throw new Error(`${manifest.name} is packed for the origin only; it has no files for the edge to publish.`);
  }
  const put = (name: string, bytes: Uint8Array) =>
    progress.step(`publishing ${name}`, 1, () => bucket.put(objectKey(modelId, name), bytes));
  for (const name of [...edgeFileNames(manifest), MANIFEST_FILE]) await put(name, await readFile(join(folder, name)));
  await put(BUNDLE_FILE, utf8(bundle));
}
