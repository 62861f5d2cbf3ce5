/** Portkey's gateway, to compare with: installed on demand (95 packages, 25 MB). */
import { join } from "node:path";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import { installPackage, type OnDemand } from "../system/install-package.ts";
import type { Workspace } from "../system/workspace.ts";

export const PORTKEY_VERSION = "1.15.2";
const PORTKEY: OnDemand = {
  name: "@portkey-ai/gateway",
  version: PORTKEY_VERSION,
  folder: `.spillway/bench/portkey-${PORTKEY_VERSION}`,
  without: "--without-portkey",
};

/** Installs it once. @throws Error with one sentence if npm fails, as without a network */
export async function installPortkey(): Promise<void> {
  await installPackage(PORTKEY);
}

/** Starts it in Node, as its own documentation does. @returns its URL @throws Error with one sentence if it does not answer */
export async function startPortkey(workspace: Workspace): Promise<string> {
  const port = await freePort();
  const script = join(PORTKEY.folder, "node_modules", PORTKEY.name, "build/start-server.js");
  const command = [process.execPath, script, `--port=${port}`, "--headless"];
  const { died } = await workspace.start("portkey", command, { NODE_ENV: "production" });
  const url = `http://127.0.0.1:${port}`;
  await waitFor({ url, isReady: ({ ok }) => ok, died, atMostMs: 60_000, what: "Portkey's gateway" });
  return url;
}
