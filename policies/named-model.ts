/** The packages that a policy names, checked before the policy is saved: each must be published, run where it is named for, and have the labels of the others. */
import { isObject, type JsonObject } from "../formats/json.ts";
import { type Manifest, parseManifest } from "../formats/model-package/manifest.ts";
import { mismatch } from "../formats/model-package/mismatch.ts";
import { MANIFEST_FILE, objectKey, shortModelId } from "../formats/model-package/names.ts";

const MAX_LABELS_SHOWN = 8;

/** The bucket of packages. */
export interface Packages {
  /** @returns null if there is no such object */
  get(key: string): Promise<Uint8Array | null>;
}

export interface ModelChange {
  /** The document that is stored; null if none is. */
  before: JsonObject | null;
  after: JsonObject;
  /** MODEL of the deployment, which serves where the policy names none; null if it is not known. */
  deployed: string | null;
  /** Saves a package with other labels than the one in force. */
  acceptLabels: boolean;
}

/** The packages that a change makes serve; null where there is nothing to check. */
export function newlyNamed({ before, after }: Pick<ModelChange, "before" | "after">): {
  model: string | null;
  candidate: string | null;
} {
  const [model, candidate] = [modelOf(after), candidateOf(after)];
  const isSameModel = model === modelOf(before);
  return {
    model: isSameModel ? null : model,
    // It is compared with the model beside it.
    candidate: isSameModel && candidate === candidateOf(before) ? null : candidate,
  };
}

/** @throws Error with one sentence; nothing was saved then */
export async function checkNamedModel(change: ModelChange, bucket: Packages): Promise<void> {
  const { model, candidate } = newlyNamed(change);
  if (model !== null) await checkModel(model, change, bucket);
  if (candidate !== null) await checkCandidate(candidate, change, bucket);
}

async function checkModel(named: string, change: ModelChange, bucket: Packages): Promise<void> {
  const manifest = await mustBePublished(named, bucket);
  const inForce = modelOf(change.before) ?? change.deployed;
  const current = inForce === null ? null : await publishedManifest(inForce, bucket);
  if (inForce === null || current === null || change.acceptLabels) return;
  const difference = mismatch(current, manifest);
  if (difference === null) return;
  throw new Error(
    `${shortModelId(named)} has other labels than ${shortModelId(inForce)}, which is in force: ${difference.sentence}. The gateway uses no answer of an origin that has other labels. Deploy the origin with the new package first, then save it with --accept-labels: npx spillway policy set model ${named} --accept-labels. Nothing was saved.`,
  );
}

/** Callers get the labels of any isolate, so no option accepts a candidate with other labels. The isolates check it too. */
async function checkCandidate(named: string, { before, after, deployed }: ModelChange, bucket: Packages) {
  const manifest = await mustBePublished(named, bucket);
  if (manifest.edge === null) {
    throw new Error(
      `The candidate ${named} is packed for the origin only, so every isolate would reject it. Pack it again without --origin-only, publish that and name it. Nothing was saved.`,
    );
  }
  const incumbent = modelOf(after) ?? deployed;
  if (incumbent === named) {
    // The candidate becomes `model`, and is withdrawn next.
    if (candidateOf(before) === named) return;
    throw new Error(`candidate.model is ${named}, which serves already. Name another package. Nothing was saved.`);
  }
  const current = incumbent === null ? null : await publishedManifest(incumbent, bucket);
  if (incumbent === null || current === null) return;
  const difference = mismatch(manifest, current);
  if (difference === null) return;
  const [ours, theirs] = [manifest, current].map(
    ({ labels, problemType }) => `[${listed(labels)}] (${problemType.replaceAll("_", " ")})`,
  );
  throw new Error(
    `The candidate ${shortModelId(named)} has the labels ${ours}, and ${shortModelId(incumbent)}, which it would serve beside, ${theirs}. Callers would get other labels from some isolates, so every isolate would reject it. Deploy it on both sides instead, and name it as model with --accept-labels. Nothing was saved.`,
  );
}

async function mustBePublished(modelId: string, bucket: Packages): Promise<Manifest> {
  const manifest = await publishedManifest(modelId, bucket);
  if (manifest !== null) return manifest;
  throw new Error(
    `${modelId} is not in the bucket, so no isolate could load it. Publish it first: npx spillway model publish <package>. Nothing was saved.`,
  );
}

function listed(labels: readonly string[]): string {
  const more = labels.length - MAX_LABELS_SHOWN;
  return [...labels.slice(0, MAX_LABELS_SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** The manifest of a package in the bucket; null if it was never published, or is not a manifest. Its signature is not looked at. */
export async function publishedManifest(modelId: string, bucket: Packages): Promise<Manifest | null> {
  const bytes = await bucket.get(objectKey(modelId, MANIFEST_FILE));
  const parsed = bytes === null ? null : parseManifest(bytes);
  return parsed?.ok ? parsed.manifest : null;
}

function modelOf(document: JsonObject | null): string | null {
  const model = document?.["model"];
  return typeof model === "string" ? model : null;
}

function candidateOf(document: JsonObject | null): string | null {
  const candidate = document?.["candidate"];
  return isObject(candidate) ? modelOf(candidate) : null;
}
