/** Compares the package that starts with what else may answer: the package of the stored policy, and an origin that is not local. */

import { mismatch } from "../../formats/model-package/mismatch.ts";
import { originAnswerSchema } from "../../formats/origin-wire.ts";
import type { Classifier } from "../../gateway/sides.ts";
import { publishedManifest } from "../../policies/named-model.ts";
import { parsePolicy } from "../../policies/parse.ts";
import type { Policy } from "../../policies/schema.ts";
import type { LocalSettings } from "../process/local-settings.ts";
import type { LocalPackage } from "../spillway/model/local-package.ts";
import type { Bucket } from "../spillway/model/publish/bucket.ts";
import type { Credentials } from "./credentials.ts";
import { firstAnswer } from "./first-answer.ts";

export interface ServedAtEdge {
  /** What the user must know if the stored policy names another package; otherwise null. */
  notice: string | null;
  /** Whether the package that the isolate loads has an edge model: the started one, unless the policy names another. */
  hasEdge: boolean;
}

/**
 * @param inForce text of the policy in force; null for the defaults
 * @throws Error with one sentence if the package that it names cannot serve beside this one
 */
export async function checkStoredModel(
  inForce: string | null,
  opened: LocalPackage,
  bucket: Pick<Bucket, "get">,
): Promise<ServedAtEdge> {
  const parsed = parsePolicy(inForce ?? "{}");
  const { modelId, folder } = opened;
  const hasEdge = opened.manifest.edge !== null;
  if (!parsed.ok) return { notice: null, hasEdge };
  const { model: named, candidate } = parsed.policy;
  if (named === null || named === modelId) {
    return { notice: candidate === null ? null : await candidateNote(candidate, opened, bucket), hasEdge };
  }
  const remove = `Remove it with npx spillway policy unset model, or start the package that it names with SPILLWAY_MODEL_DIR.`;
  const manifest = await publishedManifest(named, bucket);
  if (manifest === null) {
    throw new Error(
      `The stored policy names ${named}, which is not published on this machine, and not ${modelId} of ${folder}. ${remove}`,
    );
  }
  const difference = mismatch(classifierOf(opened), manifest);
  if (difference !== null) {
    throw new Error(
      `The stored policy names ${named} for the edge, and the origin would run ${modelId} of ${folder}: ${difference.sentence}. ${remove}`,
    );
  }
  const origin = `${modelId} of ${folder}`;
  const sides =
    manifest.edge === null
      ? `it is packed for the origin only, so ${origin} answers every text at the origin`
      : `the edge serves it, and ${origin} serves at the origin only`;
  const next = `${hasEdge ? "For the edge too" : "To end that"}: npx spillway policy unset model`;
  return { notice: `the stored policy names ${named}: ${sides}. ${next}`, hasEdge: manifest.edge !== null };
}

/** A candidate is no reason not to start: an isolate that cannot run it runs the policy's model. */
async function candidateNote(
  { model, share }: NonNullable<Policy["candidate"]>,
  { modelId }: LocalPackage,
  bucket: Pick<Bucket, "get">,
): Promise<string> {
  const manifest = await publishedManifest(model, bucket);
  const next = "To end that: npx spillway policy unset candidate";
  const isolates = `the stored policy has a candidate, ${model}, for ${share} % of isolates`;
  if (manifest?.edge === null) return `${isolates}; it is packed for the origin only, so they run ${modelId}. ${next}`;
  if (manifest === null) return `${isolates}; it is not published on this machine, so they run ${modelId}. ${next}`;
  return `${isolates}; this machine has one isolate, which runs it or ${modelId}. ${next}`;
}

/**
 * Asks an origin that is not local for one text. One that does not answer yet is no reason not to start.
 * @throws Error with one sentence if the gateway would not use its answers
 */
export async function checkOtherOrigin(
  { originUrl: url, region }: LocalSettings,
  credentials: Credentials,
  opened: LocalPackage,
): Promise<void> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = credentials;
  const sessionToken = credentials.AWS_SESSION_TOKEN ?? null;
  const answer = await firstAnswer({ url, region, accessKeyId, secretAccessKey, sessionToken }).catch(
    (error: unknown) => {
      console.error(`  ! ${url} was not compared: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    },
  );
  checkOriginModel(answer, opened, url);
}

/**
 * @param answer of an origin that is not local, to any text
 * @throws Error with one sentence if the gateway would not use its answers
 */
export function checkOriginModel(answer: unknown, opened: LocalPackage, url: string): void {
  const parsed = originAnswerSchema.safeParse(answer);
  if (!parsed.success) return;
  const difference = mismatch(parsed.data, classifierOf(opened));
  if (difference === null) return;
  throw new Error(
    `SPILLWAY_ORIGIN_URL is ${url}, which serves ${parsed.data.model}: ${difference.sentence}. Start the package that it serves with SPILLWAY_MODEL_DIR, or deploy the package of ${opened.folder} there.`,
  );
}

function classifierOf({ modelId, manifest: { labels, problemType } }: LocalPackage): Classifier {
  return { model: modelId, labels, problemType };
}
