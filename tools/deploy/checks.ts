/** All checks of one deployment. Each is made whatever the others found: people want every problem at once. */
import { readFile } from "node:fs/promises";
import { pinnedHere } from "../spillway/model/publish/pinned-key.ts";
import { readSettings } from "../process/local-settings.ts";
import { checkAccess, checkExposure } from "./check-access.ts";
import { checkBindings } from "./check-bindings.ts";
import { type Bundle, checkBundle } from "./check-bundle.ts";
import { checkOrigin } from "./check-origin.ts";
import { checkKey, checkPackage, pinnedKeys } from "./check-package.ts";
import { type CheckedPolicy, checkPolicy, type PolicyText } from "./check-policy.ts";
import { checkSecrets, checkVariables } from "./check-variables.ts";
import { type Commit, checkCommit, commitHere } from "./commit.ts";
import { type Finding, ok, problem } from "./finding.ts";
import { checkPublished, publishedSignature, storedPolicy } from "./remote.ts";
import { readTargets, type Target } from "./target.ts";

export interface CheckOptions {
  env: string;
  /** Of wrangler's configuration. */
  config: string;
  policy?: string;
  package?: string;
  remote?: true;
  allowAnonymous?: true;
  dryRun?: true;
}

export interface Checked {
  findings: Finding[];
  /** The Worker's name; null where there is no such environment. */
  worker: string | null;
  bundle: Bundle | null;
  commit: Commit | null;
}

export async function check(options: CheckOptions): Promise<Checked> {
  const commit = await commitHere(process.cwd());
  const git = checkCommit(commit);
  const read = await readTargets(options.config, options.env).catch((error: unknown) => String(error));
  if (typeof read === "string") {
    const found = problem("configuration", read.split("\n").slice(0, 2).join(" "), `mend ${options.config}`);
    return { findings: [found, git], worker: null, bundle: null, commit };
  }
  const { target, others, environments } = read;
  if (target === null) {
    const says = `${options.env} is not in ${options.config}`;
    const next = `choose one of ${environments.join(", ") || "none"}, or add [env.${options.env}]`;
    return { findings: [problem("environment", says, next), git], worker: null, bundle: null, commit };
  }
  // Building takes the longest, and needs nothing of what the others find.
  const building = checkBundle(options.config, options.env);
  const found = [
    ok("environment", `${options.env}, the Worker ${target.config.name ?? "(no name)"}`),
    ...checkBindings(target, others),
    ...(await checkSettings(target, options)),
    ...checkSecrets(target),
    ...checkExposure(target),
  ];
  const { findings: ofBundle, bundle } = await building;
  return { findings: [...found, ...ofBundle, git], worker: target.config.name ?? null, bundle, commit };
}

/** The variables, and what they and the policy say of models and origins. */
async function checkSettings(target: Target, options: CheckOptions): Promise<Finding[]> {
  const { vars } = target.config;
  const local = await pinnedHere(readSettings(process.env).stateFolder);
  const [localKey] = local === null ? [] : await pinnedKeys(local.pem);
  const { findings: ofPolicy, policy } = await policyFindings(options);
  return [
    ...checkVariables(target),
    ...checkAccess(target, { allowAnonymous: options.allowAnonymous === true }),
    await checkKey(vars["MODEL_PUBLIC_KEY"], localKey?.fingerprint ?? null),
    checkOrigin({
      url: vars["ORIGIN_URL"],
      region: vars["ORIGIN_REGION"],
      urlName: "ORIGIN_URL",
      regionName: "ORIGIN_REGION",
    }),
    ...ofPolicy,
    ...(await modelFindings(target, policy, options)),
  ];
}

async function policyFindings({ policy, remote, env, config, dryRun }: CheckOptions): Promise<CheckedPolicy> {
  try {
    return checkPolicy(await policyText(policy, remote ? () => storedPolicy(config, env) : null), dryRun !== true);
  } catch (error) {
    const says = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const next =
      policy === undefined ? "npx wrangler whoami says whether it is logged in" : "give the path of a policy, as JSON";
    return { findings: [problem("policy", says, next)], policy: null };
  }
}

async function policyText(
  file: string | undefined,
  readStored: (() => Promise<PolicyText>) | null,
): Promise<PolicyText | null> {
  if (file !== undefined) return { text: await readFile(file, "utf8"), from: file };
  return readStored === null ? null : readStored();
}

/** Nothing is said of packages where the key or MODEL is wrong: that is said already. */
async function modelFindings(
  { config }: Target,
  policy: CheckedPolicy["policy"],
  options: CheckOptions,
): Promise<Finding[]> {
  const { MODEL: deployed, MODEL_PUBLIC_KEY: publicKeyPem } = config.vars;
  if (typeof deployed !== "string" || typeof publicKeyPem !== "string") return [];
  const isKey = await pinnedKeys(publicKeyPem).then(
    () => true,
    () => false,
  );
  if (!isKey) return [];
  const bucketName = config.r2_buckets.find(({ binding }) => binding === "MODELS")?.bucket_name;
  const wanted = policy?.model ?? deployed;
  return [
    ...(await checkPackage(options.package ?? null, { deployed, policy, publicKeyPem })),
    ...(options.remote && bucketName !== undefined
      ? [await checkPublished(wanted, publicKeyPem, () => publishedSignature(bucketName, wanted))]
      : []),
  ];
}
