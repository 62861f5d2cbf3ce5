/** A folder with a local R2 bucket that holds a package, signed with a key of the bench's own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { withLocalBucket } from "../../spillway/model/publish/local-bucket.ts";
import { publishPackage } from "../../spillway/model/publish/publish.ts";
import type { LocalPackage } from "../../spillway/model/local-package.ts";
import { localSigningKey, signLocally } from "../../spillway/model/sign/local-key.ts";

export interface StoredPackage {
  modelId: string;
  /** KV and R2, as wrangler's `--persist-to` takes it. */
  persistFolder: string;
  publicKeyPem: string;
}

export async function storePackage(folder: string, opened: LocalPackage): Promise<StoredPackage> {
  const persistFolder = join(folder, "state");
  await mkdir(persistFolder, { recursive: true });
  const key = await localSigningKey(folder);
  const signed = await signLocally(opened, key);
  await withLocalBucket(persistFolder, (bucket) => publishPackage(signed, bucket));
  return { modelId: opened.modelId, persistFolder, publicKeyPem: key.publicKeyPem };
}
