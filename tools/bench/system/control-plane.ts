/** Starts a control plane, whose ledger counts for the gateways of the same registry. */
import { join } from "node:path";
import { type Bundle, bundleWorker } from "./bundle.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";
import type { Workspace } from "./workspace.ts";

const CONTROL = { config: "control-plane/wrangler.toml" };

/** Builds it once, for any number of starts. */
export function bundleControlPlane(workspace: Workspace): Promise<Bundle> {
  return bundleWorker(CONTROL, join(workspace.folder, "control"));
}

/**
 * Has to run before the gateways that bind its objects.
 * @param registry by which the gateways find the class of its objects; each registry has an empty ledger
 * @throws Error with one sentence if it does not start
 */
export async function startControlPlane(
  workspace: Workspace,
  bundle: Bundle,
  registry: string,
): Promise<RunningWorker> {
  const folder = join(workspace.folder, "control");
  const persistFolder = join(folder, `${registry}-state`);
  const variables = { ANONYMOUS_ACCESS: "allowed" };
  return startWorker(workspace, { name: `control plane ${registry}`, bundle, persistFolder, variables, registry });
}
