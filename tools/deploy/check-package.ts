/** Whether the package that isolates will load is signed by the pinned key, as far as it is at hand. */
import { shortModelId } from "../../formats/model-package/names.ts";
import { type PublicKey, readPublicKey } from "../../formats/signature/public-key.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import type { Policy } from "../../policies/schema.ts";
import { verifyFolder } from "../spillway/model/sign/folder.ts";
import { openLocalPackage } from "../spillway/model/local-package.ts";
import { type Finding, isPlaceholder, ok, problem, warning } from "./finding.ts";

export interface Named {
  /** MODEL of wrangler.toml. */
  deployed: string;
  /** Null where no policy was looked at. */
  policy: Policy | null;
  publicKeyPem: string;
}

const CHECK = "model package";

export async function checkPackage(folder: string | null, named: Named): Promise<Finding[]> {
  const { deployed, policy } = named;
  const wanted = policy?.model ?? deployed;
  if (folder === null) {
    const says = `whether ${shortModelId(wanted)} is signed by the pinned key was not looked at`;
    return [warning(CHECK, says, "give its folder with --package <folder>")];
  }
  try {
    return await verified(folder, wanted, named);
  } catch (error) {
    const says = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    return [problem(CHECK, says, `npx spillway model sign ${folder} --key <the private key of MODEL_PUBLIC_KEY>`)];
  }
}

async function verified(folder: string, wanted: string, { deployed, policy, publicKeyPem }: Named): Promise<Finding[]> {
  const { modelId, manifest } = await openLocalPackage(folder);
  if (modelId !== wanted && modelId !== deployed) {
    const names =
      policy?.model == null ? `MODEL names ${shortModelId(deployed)}` : `the policy names ${shortModelId(wanted)}`;
    const next = "give the folder of the one that is named, or name this one";
    return [problem(CHECK, `${folder} is ${shortModelId(modelId)}, but ${names}`, next)];
  }
  await verifyFolder(folder, publicKeyPem);
  const findings = [ok(CHECK, `${folder} is ${shortModelId(modelId)}, signed by the pinned key`)];
  if (manifest.edge === null)
    findings.push(problem(CHECK, "is packed for the origin alone", "pack it for the edge too, without --origin-only"));
  if (policy !== null && manifest.version < policy.minVersion) {
    const says = `has version ${manifest.version}, and the policy's minVersion ${policy.minVersion} refuses it`;
    findings.push(problem(CHECK, says, "pack a newer one, or lower minVersion"));
  }
  if (modelId !== wanted) {
    findings.push(
      warning(CHECK, `the policy names ${shortModelId(wanted)} instead`, "give that one's folder with --package"),
    );
  }
  return findings;
}

/** Whether MODEL_PUBLIC_KEY is the owner's key, and one that packages can be verified with. */

const KEY_CHECK = "MODEL_PUBLIC_KEY";
const SET = "npx spillway model keygen, then put the text of spillway-signing.pub.pem there, between triple quotes";

/** `localFingerprint` is that of the key which npm start has made on this machine; null where it has not. */
export async function checkKey(pem: unknown, localFingerprint: string | null): Promise<Finding> {
  if (typeof pem !== "string" || pem.trim() === "")
    return problem(KEY_CHECK, "is not set: no model would be trusted", SET);
  if (isPlaceholder(pem)) return problem(KEY_CHECK, "is a placeholder", SET);
  try {
    const keys = await pinnedKeys(pem);
    if (keys.some(({ fingerprint }) => fingerprint === localFingerprint)) {
      const says = "is the key of this machine's own npm start, whose private half lies unguarded beside its logs";
      return problem(KEY_CHECK, says, SET);
    }
    const names = keys.map(({ fingerprint, curve }) => `${curve.name}, ${fingerprint.slice(0, 12)}…`);
    return ok(
      KEY_CHECK,
      names.length === 1 ? `is a key of ${names[0]}` : `has ${names.length} keys: ${names.join("; ")}`,
    );
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return problem(KEY_CHECK, sentence(error.message), SET);
  }
}

/** One, or while keys are rotated the old and the new, one PEM block after the other. @throws SignatureError */
export function pinnedKeys(pem: string): Promise<PublicKey[]> {
  const blocks = pem.split(/(?<=-----END PUBLIC KEY-----)/).filter((block) => block.trim() !== "");
  return Promise.all(blocks.map(readPublicKey));
}

/** Without its full stop: a next step follows. */
function sentence(message: string): string {
  return message.replace(/\.$/, "");
}
