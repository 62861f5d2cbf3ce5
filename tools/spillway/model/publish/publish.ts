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
 *
 * Of a package for the origin only, the gateway reads what it is, and sends every text to the origin.
 */
export async function publishPackage(
  { folder, modelId, manifest, bundle }: SignedPackage,
  bucket: Pick<Bucket, "put">,
  progress: Progress = silent,
): Promise<void> {
  const put = (name: string, bytes: Uint8Array) =>
    progress.step(`publishing ${name}`, 1, () => bucket.put(objectKey(modelId, name), bytes));
  const { file, configFile } = manifest.tokenizer;
  const names = manifest.edge === null ? [file, configFile] : edgeFileNames(manifest);
  for (const name of [...names, MANIFEST_FILE]) await put(name, await readFile(join(folder, name)));
  await put(BUNDLE_FILE, utf8(bundle));
}
