/** The control plane beside the gateway, so that the gateway counts for a ledger that receives. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Bundle } from "../system/bundle.ts";
import type { RunningWorker } from "../system/running-worker.ts";

/** For wrangler dev, which finds the other Worker's class by it. */
export const REGISTRY = "overhead";

const BINDING = `
[[durable_objects.bindings]]
name = "LEDGER"
class_name = "LedgerShard"
script_name = "spillway-control"
`;

const readySchema = z.object({ ledger: z.object({ state: z.string(), sent: z.number() }) });

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
