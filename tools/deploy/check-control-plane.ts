/**
 * The control plane, whose ledger the gateway binds: that it is the Worker and has the stores of the same environment, builds, and
 * has its secret.
 */

import { LEDGER } from "./check-bindings.ts";
import { checkBundle } from "./check-bundle.ts";
import { type Finding, isPlaceholder, ok, problem, warning } from "./finding.ts";
import { readTargets, type Target } from "./target.ts";

const CHECK = "control plane";
const CLASS = "LedgerShard";
const TOKEN = "OPERATOR_TOKEN";

export interface CheckedControlPlane {
  findings: Finding[];
  /** The Worker to deploy before the gateway; null if the gateway binds none, or something is wrong. */
  worker: string | null;
}

/**
 * @param gateway the gateway's environment
 * @param configPath of the control plane's wrangler.toml
 * @param build builds the Worker
 */
export async function checkControlPlane(
  gateway: Target,
  configPath: string,
  build: typeof checkBundle = checkBundle,
): Promise<CheckedControlPlane> {
  const { environment } = gateway;
  if (boundIn(gateway) === undefined) return without(checkLedgerBinding(gateway, ""));
  const read = await readTargets(configPath, environment).catch((error: unknown) => String(error));
  if (typeof read === "string") {
    return without(problem(CHECK, read.split("\n").slice(0, 2).join(" "), `Fix ${configPath}.`));
  }
  const { target, environments } = read;
  if (target === null) {
    const next = `Add [env.${environment}] to it; it has ${environments.join(", ") || "none"}.`;
    return without(problem(CHECK, `${environment} is not in ${configPath}`, next));
  }
  const worker = target.config.name ?? "";
  const findings = [
    checkLedgerBinding(gateway, worker),
    ...checkSharedStores(gateway, target, configPath),
    checkToken(target, configPath),
  ];
  const built = await build(configPath, environment);
  // A size needs no separate line: it has no model.
  const ofBundle = built.findings.filter(({ state }) => state !== "ok").map((one) => ({ ...one, check: CHECK }));
  return { findings: [...findings, ...ofBundle], worker };
}

function without(finding: Finding): CheckedControlPlane {
  return { findings: [finding], worker: null };
}

function boundIn({ config }: Target) {
  return config.durable_objects.bindings.find(({ name }) => name === LEDGER);
}

/**
 * Pure. The gateway must bind the objects of the same environment, or two environments would be counted in one ledger.
 * @param worker the control plane's Worker of this environment
 */
export function checkLedgerBinding(gateway: Target, worker: string): Finding {
  const check = `ledger ${LEDGER}`;
  const table = `[[env.${gateway.environment}.durable_objects.bindings]]`;
  const bound = boundIn(gateway);
  if (bound === undefined) {
    const next = `Copy its block from wrangler.toml in the repository to ${table}.`;
    return warning(check, "is not bound: the gateway serves, and nothing is counted", next);
  }
  const { class_name, script_name } = bound;
  if (class_name === CLASS && script_name === worker) return ok(check, `is bound to ${CLASS} of ${worker}`);
  const message = `is bound to ${class_name} of ${script_name ?? "the gateway"}; it must be ${CLASS} of ${worker}`;
  return problem(check, message, `Set class_name = "${CLASS}" and script_name = "${worker}" under ${table}.`);
}

/**
 * Pure. The control plane saves the policy that the gateway reads: what it binds must be the gateway's store of the same name.
 * @param configPath of the control plane's wrangler.toml
 */
export function checkSharedStores(gateway: Target, controlPlane: Target, configPath: string): Finding[] {
  const { environment } = gateway;
  const bound = (target: Target) => [
    ...target.config.kv_namespaces.map(({ binding, id }) => ({ binding, store: id ?? "none", key: "id" })),
    ...target.config.r2_buckets.map(({ binding, bucket_name, jurisdiction }) => ({
      binding,
      store: [bucket_name ?? "none", ...(jurisdiction === undefined ? [] : [jurisdiction])].join(", "),
      key: "bucket_name and jurisdiction",
    })),
  ];
  const [own, theirs] = [bound(controlPlane), bound(gateway)];
  if (!own.some(({ binding }) => binding === "POLICIES")) {
    const next = `Add [[env.${environment}.kv_namespaces]] with binding = "POLICIES" and the gateway's ID to ${configPath}.`;
    return [problem(CHECK, "POLICIES is not bound: no rollout and no console could save the policy", next)];
  }
  return own.flatMap(({ binding, store, key }) => {
    const other = theirs.find((one) => one.binding === binding);
    // A placeholder of the gateway is another finding.
    if (other === undefined || other.store === store || isPlaceholder(other.store)) return [];
    const message = `${binding} is ${isPlaceholder(store) ? "a placeholder" : `bound to ${store}`}; the gateway has ${other.store}`;
    return [problem(CHECK, message, `Set its ${key} to the gateway's in [env.${environment}] of ${configPath}.`)];
  });
}

/** Pure. wrangler does not deploy while a required secret is missing. */
function checkToken({ environment, config }: Target, configPath: string): Finding {
  if (config.secrets?.required?.includes(TOKEN)) return ok(CHECK, `${config.name}, requires ${TOKEN}`);
  const next = `Add required = ["${TOKEN}"] to [env.${environment}.secrets] in ${configPath}.`;
  return problem(CHECK, `${TOKEN} is not required: no one could read the ledger`, next);
}
