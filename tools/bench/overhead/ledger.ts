/** The control plane beside the gateway, so that the gateway counts for a ledger that receives. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writeVariables } from "../../start/variables.ts";
import { type Bundle, bundleWorker, type WorkerSource } from "../system/bundle.ts";
import { type RunningWorker, startWorker } from "../system/running-worker.ts";
import type { Workspace } from "../system/workspace.ts";

const CONTROL: WorkerSource = { config: "control-plane/wrangler.toml", scriptName: "index.js" };
/** For wrangler dev, which finds the other Worker's class by it. */
export const REGISTRY = "overhead";

const BINDING = `
[[durable_objects.bindings]]
name = "LEDGER"
class_name = "LedgerShard"
script_name = "spillway-control"
`;

const readySchema = z.object({ ledger: z.object({ state: z.string(), sent: z.number() }) });

/** Builds and starts the control plane, before the gateway. @throws Error with one sentence if it does not start */
export async function startControlPlane(workspace: Workspace): Promise<void> {
  const folder = join(workspace.folder, "control");
  const bundle = await bundleWorker(CONTROL, folder);
  const envFile = join(folder, "control.env");
  await writeVariables(envFile, { ANONYMOUS_ACCESS: "allowed" });
  const settings = { name: "control plane", bundle, persistFolder: join(folder, "state"), envFile, registry: REGISTRY };
  await startWorker(workspace, settings);
}

/** Adds the binding to a gateway's configuration, unless the checkout's has it. */
export async function withLedgerBound(bundle: Bundle): Promise<Bundle> {
  const text = await readFile(bundle.config, "utf8");
  if (!text.includes(BINDING)) await writeFile(bundle.config, `${text}${BINDING}`);
  return bundle;
}

/** The same script with a configuration that has no binding. */
export async function withoutLedger(bundle: Bundle): Promise<Bundle> {
  const config = join(dirname(bundle.config), "without-ledger.toml");
  await writeFile(config, (await readFile(bundle.config, "utf8")).replace(BINDING, "\n"));
  return { ...bundle, config };
}

/** Whether a shard has received the gateway's counts. */
export async function hasLedger({ url }: RunningWorker): Promise<boolean> {
  const { ledger } = readySchema.parse(await (await fetch(`${url}/readyz`)).json());
  return ledger.state === "on" && ledger.sent > 0;
}
