/** Reads the stored policy and the published package from the account, through wrangler. */
import { BUNDLE_FILE, MANIFEST_FILE, objectKey, shortModelId } from "../../formats/model-package/names.ts";
import { SignatureError } from "../../formats/signature/signature-error.ts";
import { verifyBundle } from "../../formats/signature/verify-bundle.ts";
import { POLICY_KEY } from "../../policies/store.ts";
import { errorLine, runWrangler, whatIsMissing } from "../process/run-wrangler.ts";
import { jurisdictionOption, type R2Bucket } from "../process/wrangler-config.ts";
import type { PolicyText } from "./check-policy.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** @throws Error with wrangler's message */
export async function readStoredPolicy(configPath: string, environment: string): Promise<PolicyText> {
  const where = ["--binding", "POLICIES", "--remote", "--config", configPath, "--env", environment];
  const run = await runWrangler(["kv", "key", "get", POLICY_KEY, ...where]);
  if (run.code === 0) return { text: run.stdout, source: "the stored policy" };
  const missing = whatIsMissing(run);
  if (missing === "key") return { text: null, source: "the stored policy" };
  // A namespace that does not exist must not look like one that is empty. It cannot be listed, and the reason is in that answer.
  const failed = missing === "unknown" ? await runWrangler(["kv", "key", "list", ...where]) : run;
  if (failed.code === 0) return { text: null, source: "the stored policy" };
  throw new Error(`wrangler could not read the stored policy: ${errorLine(failed)}`);
}

/** @throws Error with wrangler's message */
export async function readPublishedSignature({ bucketName, jurisdiction }: R2Bucket, modelId: string): Promise<string> {
  const object = `${bucketName}/${objectKey(modelId, BUNDLE_FILE)}`;
  const run = await runWrangler([
    "r2",
    "object",
    "get",
    object,
    "--pipe",
    "--remote",
    ...jurisdictionOption(jurisdiction),
  ]);
  if (run.code !== 0) throw new Error(`wrangler could not read ${object}: ${errorLine(run)}`);
  return run.stdout;
}

/** The package that the gateway will load. */
export interface PublishedPackage {
  environment: string;
  /** `<name>@<digest>` */
  modelId: string;
  /** SPKI PEM. */
  publicKeyPem: string;
}

/** `publish` writes the signature last: if it is in the bucket, so are the other files. */
export async function checkPublished(
  { environment, modelId, publicKeyPem }: PublishedPackage,
  readSignature: () => Promise<string>,
): Promise<Finding> {
  const check = "published package";
  const publish = `npx spillway model publish <package> --remote --env ${environment}`;
  try {
    const { resources } = await verifyBundle(await readSignature(), publicKeyPem);
    const manifest = resources.find(({ name }) => name === MANIFEST_FILE);
    if (!modelId.endsWith(`@${manifest?.sha256}`)) {
      const message = `the signature stored for ${shortModelId(modelId)} is that of another package`;
      return problem(check, message, `Check who can write to the bucket, then run \`${publish}\`.`);
    }
    return ok(check, `${shortModelId(modelId)} is in the bucket, signed by the pinned key`);
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const next =
      error instanceof SignatureError
        ? `Sign the package with the private key of MODEL_PUBLIC_KEY, then run \`${publish}\`.`
        : `Run \`${publish}\`.`;
    return problem(check, message, next);
  }
}
