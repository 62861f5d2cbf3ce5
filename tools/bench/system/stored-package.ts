/** Publishes a package to a local R2 bucket, signed with a key that the bench makes. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { LocalPackage } from "../../spillway/model/local-package.ts";
import { withLocalBucket } from "../../spillway/model/publish/bucket.ts";
import { publishPackage } from "../../spillway/model/publish/publish.ts";
import { localSigningKey, signLocally } from "../../spillway/model/sign/local-key.ts";

export interface StoredPackage {
  modelId: string;
  /** Local KV and R2: wrangler's `--persist-to`. */
  persistFolder: string;
  publicKeyPem: string;
}

/** Creates the bucket and the key in `folder`. */
export async function storePackage(folder: string, opened: LocalPackage): Promise<StoredPackage> {
  const persistFolder = join(folder, "state");
  await mkdir(persistFolder, { recursive: true });
  const key = await localSigningKey(folder);
  const signed = await signLocally(opened, key);
  await withLocalBucket(persistFolder, (bucket) => publishPackage(signed, bucket));
  return { modelId: opened.modelId, persistFolder, publicKeyPem: key.publicKeyPem };
}
