/** What only the account knows: the policy that is stored there, and the published package. */
import { BUNDLE_FILE, MANIFEST_FILE, objectKey, shortModelId } from "../../formats/model-package/names.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import { verifyBundle } from "../../formats/signature/verify-bundle.ts";
import { POLICY_KEY } from "../../policies/store.ts";
import { errorLine, isNotFound, runWrangler } from "../process/run-wrangler.ts";
import type { PolicyText } from "./check-policy.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** @throws Error with wrangler's own words */
export async function storedPolicy(configPath: string, environment: string): Promise<PolicyText> {
  const where = ["--binding", "POLICIES", "--remote", "--config", configPath, "--env", environment];
  const run = await runWrangler(["kv", "key", "get", POLICY_KEY, ...where]);
  if (run.code === 0) return { text: run.stdout, from: "the stored policy" };
  if (isNotFound(run)) return { text: null, from: "the stored policy" };
  throw new Error(`wrangler could not read the stored policy: ${errorLine(run)}`);
}

/** @throws Error with wrangler's own words */
export async function publishedSignature(bucketName: string, modelId: string): Promise<string> {
  const object = `${bucketName}/${objectKey(modelId, BUNDLE_FILE)}`;
  const run = await runWrangler(["r2", "object", "get", object, "--pipe", "--remote"]);
  if (run.code !== 0) throw new Error(`wrangler could not read ${object}: ${errorLine(run)}`);
  return run.stdout;
}

/** The signature comes last when a package is published: where it stands, the rest does. */
export async function checkPublished(
  modelId: string,
  publicKeyPem: string,
  readSignature: () => Promise<string>,
): Promise<Finding> {
  const check = "published package";
  try {
    const { resources } = await verifyBundle(await readSignature(), publicKeyPem);
    const manifest = resources.find(({ name }) => name === MANIFEST_FILE);
    if (!modelId.endsWith(`@${manifest?.sha256}`)) {
      const says = `what is signed under the name ${shortModelId(modelId)} is another package`;
      return problem(check, says, "see who can write to the bucket, and publish the package again");
    }
    return ok(check, `${shortModelId(modelId)} is in the bucket, signed by the pinned key`);
  } catch (error) {
    const says = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const isSignature = error instanceof SignatureError;
    const next = isSignature
      ? "sign the package with the private key of MODEL_PUBLIC_KEY, and publish it again"
      : "npx spillway model publish <package> --remote";
    return problem(check, says, next);
  }
}
