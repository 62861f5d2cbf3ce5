/** Whether the model package is the one that the deployment names, and is signed by the pinned key. */
import { shortModelId } from "../../formats/model-package/names.ts";
import { type PublicKey, readPublicKey } from "../../formats/signature/public-key.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import type { Policy } from "../../policies/schema.ts";
import { openLocalPackage } from "../spillway/model/local-package.ts";
import { verifyFolder } from "../spillway/model/sign/folder.ts";
import { ENGINE_SWITCH } from "./check-engines.ts";
import { type Finding, isPlaceholder, ok, problem, warning } from "./finding.ts";

/** What the deployment names and pins. */
export interface NamedPackage {
  /** MODEL of wrangler.toml: `<name>@<digest>`. */
  deployed: string;
  /** Null if no policy was checked. Its `model` takes precedence over MODEL. */
  policy: Policy | null;
  publicKeyPem: string;
  /** Whether the deployment includes onnxruntime-web. */
  isOnnxIncluded: boolean;
}

const PACKAGE = "model package";
const KEY = "MODEL_PUBLIC_KEY";
const SET_KEY =
  "Run `npx spillway model keygen`, then copy the text of spillway-signing.pub.pem to MODEL_PUBLIC_KEY, between triple quotes.";

/** @param folder of `--package`; null if it was not given */
export async function checkPackage(folder: string | null, named: NamedPackage): Promise<Finding[]> {
  const wanted = named.policy?.model ?? named.deployed;
  if (folder === null) {
    const message = `the signature of ${shortModelId(wanted)} was not verified`;
    return [warning(PACKAGE, message, "Pass its folder with --package <folder>.")];
  }
  try {
    return await checkFolder(folder, wanted, named);
  } catch (error) {
    const next =
      error instanceof SignatureError
        ? `Run \`npx spillway model sign ${folder} --key <private key of MODEL_PUBLIC_KEY>\`.`
        : "Pass the folder of an unchanged package with --package <folder>.";
    return [problem(PACKAGE, messageOf(error), next)];
  }
}

async function checkFolder(
  folder: string,
  wanted: string,
  { deployed, policy, publicKeyPem, isOnnxIncluded }: NamedPackage,
): Promise<Finding[]> {
  const { modelId, manifest } = await openLocalPackage(folder);
  const candidate = policy?.candidate?.model ?? null;
  if (modelId !== wanted && modelId !== deployed && modelId !== candidate) {
    const setting = policy?.model == null ? "MODEL" : "the policy";
    const next = `Pass the folder of the named package, or change ${setting} to ${modelId}.`;
    const message = `${folder} is ${shortModelId(modelId)}, but ${setting} names ${shortModelId(wanted)}`;
    return [problem(PACKAGE, message, next)];
  }
  await verifyFolder(folder, publicKeyPem);
  const findings = [ok(PACKAGE, `${folder} is ${shortModelId(modelId)}, signed by the pinned key`)];
  if (manifest.edge === null)
    findings.push(problem(PACKAGE, "has no file for the edge", "Pack the model again, without --origin-only."));
  if (manifest.edge?.engine === "onnxruntime-web" && !isOnnxIncluded) {
    const message = `needs onnxruntime-web, which ${ENGINE_SWITCH} = "false" leaves out: the edge would reject it`;
    findings.push(problem(PACKAGE, message, `Set ${ENGINE_SWITCH} to "true", or pack the model for spillway-engine.`));
  }
  if (policy !== null && manifest.version < policy.minVersion) {
    const message = `has version ${manifest.version}, but the policy's minVersion is ${policy.minVersion}`;
    findings.push(problem(PACKAGE, message, "Publish a newer package, or lower minVersion."));
  }
  for (const other of [wanted, candidate]) {
    if (other === null || other === modelId) continue;
    const message = `the policy names ${shortModelId(other)}, which was not verified`;
    findings.push(warning(PACKAGE, message, "Pass that package's folder with --package <folder>."));
  }
  return findings;
}

/**
 * Checks the key that packages are verified with.
 * @param pem the variable MODEL_PUBLIC_KEY
 * @param localFingerprint of the key that `npm start` generated on this machine; null if there is none
 */
export async function checkKey(pem: unknown, localFingerprint: string | null): Promise<Finding> {
  if (typeof pem !== "string" || pem.trim() === "")
    return problem(KEY, "is not set: the gateway would trust no model", SET_KEY);
  if (isPlaceholder(pem)) return problem(KEY, "is a placeholder", SET_KEY);
  try {
    const keys = await pinnedKeys(pem);
    if (keys.some(({ fingerprint }) => fingerprint === localFingerprint)) {
      const message = "is the key that npm start generated on this machine; its private half is stored unprotected";
      return problem(KEY, message, SET_KEY);
    }
    const names = keys.map(({ fingerprint, curve }) => `${curve.name} ${fingerprint.slice(0, 12)}…`);
    return ok(KEY, names.length === 1 ? `is the key ${names[0]}` : `has ${names.length} keys: ${names.join(", ")}`);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return problem(KEY, messageOf(error), SET_KEY);
  }
}

/**
 * Reads one key, or the old and the new one during a rotation. Unlike the gateway, it rejects other text after a key: that is
 * probably a damaged second key.
 * @param pem one PEM block after the other
 * @throws SignatureError if one of them is not a P-256 or P-384 public key
 */
export function pinnedKeys(pem: string): Promise<PublicKey[]> {
  const blocks = pem.split(/(?<=-----END PUBLIC KEY-----)/).filter((block) => block.trim() !== "");
  return Promise.all(blocks.map(readPublicKey));
}

/** Without the full stop: a finding continues with the next step. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
