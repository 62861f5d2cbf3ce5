/** Runs all checks of one deployment. Each runs whatever the others find, so that one run reports every problem. */
import { localSettings } from "../process/local-settings.ts";
import { readUserText } from "../process/read-text.ts";
import { pinnedHere } from "../spillway/model/publish/pinned-key.ts";
import { oneSentence } from "../spillway/terminal/one-sentence.ts";
import { checkAccess, checkExposure } from "./check-access.ts";
import { checkBindings } from "./check-bindings.ts";
import { type Bundle, checkBundle } from "./check-bundle.ts";
import { checkControlPlane } from "./check-control-plane.ts";
import { checkEngineSwitch, checkEngines, includesOnnx } from "./check-engines.ts";
import { checkOrigin } from "./check-origin.ts";
import { checkKey, checkPackage, pinnedKeys } from "./check-package.ts";
import { type CheckedPolicy, checkPolicy, type PolicyText } from "./check-policy.ts";
import { checkSecrets, checkVariables } from "./check-variables.ts";
import { type Commit, checkCommit, commitHere } from "./commit.ts";
import { type Finding, ok, problem } from "./finding.ts";
import { checkPublished, readPublishedSignature, readStoredPolicy } from "./remote.ts";
import { readTargets, type Target } from "./target.ts";

/** Options of the command line. */
export interface CheckOptions {
  /** An environment of wrangler.toml. */
  env: string;
  /** Path of wrangler's configuration. */
  config: string;
  /** Path of the control plane's. */
  controlConfig: string;
  /** Path of a policy. */
  policy?: string;
  /** Folder of a model package. */
  package?: string;
  remote?: true;
  allowAnonymous?: true;
  dryRun?: true;
}

export interface Checked {
  findings: Finding[];
  /** The Worker's name; null if wrangler.toml has no such environment. */
  worker: string | null;
  /** The control plane's Worker, which is deployed first; null if the gateway binds none. */
  controlPlane: string | null;
  bundle: Bundle | null;
  commit: Commit | null;
}

/** Reads wrangler.toml, builds the Worker, and checks both. Uploads nothing. @param build builds a Worker and measures it */
export async function check(options: CheckOptions, build: typeof checkBundle = checkBundle): Promise<Checked> {
  const commit = await commitHere(process.cwd());
  const git = checkCommit(commit);
  const read = await readTargets(options.config, options.env).catch((error: unknown) => String(error));
  if (typeof read === "string") {
    const found = problem("configuration", read.split("\n").slice(0, 2).join(" "), `Fix ${options.config}.`);
    return { findings: [found, git], worker: null, controlPlane: null, bundle: null, commit };
  }
  const { target, others, environments } = read;
  if (target === null) {
    const message = `${options.env} is not in ${options.config}`;
    const next = `Choose one of ${environments.join(", ") || "none"}, or add [env.${options.env}].`;
    const findings = [problem("environment", message, next), git];
    return { findings, worker: null, controlPlane: null, bundle: null, commit };
  }
  // The build takes the longest and needs no result of the other checks.
  const building = build(options.config, options.env);
  const checkingLedger = checkControlPlane(target, options.controlConfig, build);
  const found = [
    ok("environment", `${options.env}, Worker ${target.config.name ?? "without a name"}`),
    ...checkBindings(target, others),
    ...(await checkSettings(target, options)),
    ...checkSecrets(target),
    ...checkExposure(target),
  ];
  const { findings: ofBundle, bundle } = await building;
  const { findings: ofLedger, worker: controlPlane } = await checkingLedger;
  const ofEngines = bundle === null ? [] : checkEngines(bundle.engines, includesOnnx(target));
  const findings = [...found, ...ofLedger, ...ofBundle, ...ofEngines, git];
  return { findings, worker: target.config.name ?? null, controlPlane, bundle, commit };
}

/** The variables, the policy, and the models and origins that both of them name. */
async function checkSettings(target: Target, options: CheckOptions): Promise<Finding[]> {
  const { vars } = target.config;
  const local = await pinnedHere(localSettings(process.env).stateFolder);
  const [localKey] = local === null ? [] : await pinnedKeys(local.pem);
  const { findings: ofPolicy, policy } = await policyFindings(options);
  return [
    ...checkVariables(target),
    ...checkEngineSwitch(target),
    ...checkAccess(target, { allowAnonymous: options.allowAnonymous === true }),
    await checkKey(vars["MODEL_PUBLIC_KEY"], localKey?.fingerprint ?? null),
    checkOrigin({
      url: vars["ORIGIN_URL"],
      region: vars["ORIGIN_REGION"],
      urlName: "ORIGIN_URL",
      regionName: "ORIGIN_REGION",
    }),
    ...ofPolicy,
    ...(await packageFindings(target, policy, options)),
  ];
}

async function policyFindings(options: CheckOptions): Promise<CheckedPolicy> {
  try {
    return checkPolicy(await readPolicyText(options), options.dryRun !== true);
  } catch (error) {
    const next =
      options.policy === undefined
        ? `Compare the id of POLICIES in ${options.config} with \`npx wrangler kv namespace list\`, and see with \`npx wrangler whoami\` whether wrangler is logged in.`
        : "Pass the path of a policy in JSON.";
    return { findings: [problem("policy", oneSentence(error).replace(/\.$/, ""), next)], policy: null };
  }
}

/** Null if the command line names no policy. */
async function readPolicyText({ policy, remote, config, env }: CheckOptions): Promise<PolicyText | null> {
  if (policy !== undefined) return { text: await readUserText(policy), source: policy };
  return remote ? readStoredPolicy(config, env) : null;
}

/** No findings if MODEL or the key is wrong: `checkVariables` and `checkKey` report that. */
async function packageFindings(
  target: Target,
  policy: CheckedPolicy["policy"],
  options: CheckOptions,
): Promise<Finding[]> {
  const { environment, config } = target;
  const { MODEL: deployed, MODEL_PUBLIC_KEY: publicKeyPem } = config.vars;
  if (typeof deployed !== "string" || typeof publicKeyPem !== "string") return [];
  const isKey = await pinnedKeys(publicKeyPem).then(
    () => true,
    () => false,
  );
  if (!isKey) return [];
  const { bucket_name: bucketName, jurisdiction = null } =
    config.r2_buckets.find(({ binding }) => binding === "MODELS") ?? {};
  const candidate = policy?.candidate?.model;
  const served = [policy?.model ?? deployed, ...(candidate === undefined ? [] : [candidate])];
  const isPublished = (bucketName: string) =>
    served.map((modelId) =>
      checkPublished({ environment, modelId, publicKeyPem }, () =>
        readPublishedSignature({ bucketName, jurisdiction }, modelId),
      ),
    );
  return [
    ...(await checkPackage(options.package ?? null, {
      deployed,
      policy,
      publicKeyPem,
      isOnnxIncluded: includesOnnx(target),
    })),
    ...(options.remote && bucketName !== undefined ? await Promise.all(isPublished(bucketName)) : []),
  ];
}
