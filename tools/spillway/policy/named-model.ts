/** The package that a policy names, checked before the policy is saved: it must be published, and have the labels of the other side. */
import type { JsonObject } from "../../../formats/json.ts";
import { type Manifest, parseManifest } from "../../../formats/model-package/manifest.ts";
import { MANIFEST_FILE, objectKey, shortModelId } from "../../../formats/model-package/names.ts";
import { mismatch } from "../../../gateway/origin/mismatch.ts";
import type { Bucket } from "../model/publish/bucket.ts";

export interface ModelChange {
  /** The document that is stored; null if none is. */
  before: JsonObject | null;
  after: JsonObject;
  /** MODEL of the deployment, which serves where the policy names none; null if it is not known. */
  deployed: string | null;
  /** Saves a package with other labels than the one in force. */
  acceptLabels: boolean;
}

/** The package that a document names, if the change makes another one serve; null if there is nothing to check. */
export function newlyNamedModel({ before, after }: Pick<ModelChange, "before" | "after">): string | null {
  const named = modelOf(after);
  return named === null || named === modelOf(before) ? null : named;
}

/** @throws Error with one sentence; nothing was saved then */
export async function checkNamedModel(change: ModelChange, bucket: Pick<Bucket, "get">): Promise<void> {
  const named = newlyNamedModel(change);
  if (named === null) return;
  const manifest = await publishedManifest(named, bucket);
  if (manifest === null) {
    throw new Error(
      `${named} is not in the bucket, so no isolate could load it. Publish it first: npx spillway model publish <package>. Nothing was saved.`,
    );
  }
  const inForce = modelOf(change.before) ?? change.deployed;
  const current = inForce === null ? null : await publishedManifest(inForce, bucket);
  if (inForce === null || current === null || change.acceptLabels) return;
  const difference = mismatch({ model: inForce, ...current }, { model: named, ...manifest });
  if (difference === null) return;
  throw new Error(
    `${shortModelId(named)} has other labels than ${shortModelId(inForce)}, which is in force: ${difference.sentence}. The gateway uses no answer of an origin that has other labels. Deploy the origin with the new package first, then repeat with --accept-labels. Nothing was saved.`,
  );
}

/** The manifest of a package in the bucket; null if it was never published, or is not a manifest. Its signature is not looked at. */
export async function publishedManifest(modelId: string, bucket: Pick<Bucket, "get">): Promise<Manifest | null> {
  const bytes = await bucket.get(objectKey(modelId, MANIFEST_FILE));
  const parsed = bytes === null ? null : parseManifest(bytes);
  return parsed?.ok ? parsed.manifest : null;
}

function modelOf(document: JsonObject | null): string | null {
  const model = document?.["model"];
  return typeof model === "string" ? model : null;
}
