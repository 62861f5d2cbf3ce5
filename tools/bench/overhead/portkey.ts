/** Portkey's gateway, to compare with: installed on demand, outside the repository's dependencies (95 packages, 25 MB). */
import { execFile } from "node:child_process";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import type { Workspace } from "../system/workspace.ts";

const NAME = "@portkey-ai/gateway";
export const PORTKEY_VERSION = "1.15.2";
const FOLDER = `.spillway/bench/portkey-${PORTKEY_VERSION}`;
const SCRIPT = join(FOLDER, "node_modules", NAME, "build/start-server.js");
const MAX_INSTALL_MS = 5 * 60_000;

/** Installs it once, without scripts of packages. @throws Error with one sentence if npm fails, as without a network */
export async function installPortkey(): Promise<void> {
  if (await exists(SCRIPT)) return;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, "package.json"), JSON.stringify({ private: true }));
  const install = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--save-exact",
    `${NAME}@${PORTKEY_VERSION}`,
  ];
  try {
    await promisify(execFile)("npm", install, { cwd: FOLDER, timeout: MAX_INSTALL_MS });
  } catch {
    throw new Error(
      `npm could not install ${NAME}@${PORTKEY_VERSION}; connect to a network, or pass --without-portkey.`,
    );
  }
}

/** Starts it in Node, as its own documentation does. @returns its URL @throws Error with one sentence if it does not answer */
export async function startPortkey(workspace: Workspace): Promise<string> {
  const port = await freePort();
  const command = [process.execPath, SCRIPT, `--port=${port}`, "--headless"];
  const { died } = await workspace.start("portkey", command, { NODE_ENV: "production" });
  const url = `http://127.0.0.1:${port}`;
  await waitFor({ url, isReady: ({ ok }) => ok, died, atMostMs: 60_000, what: "Portkey's gateway" });
  return url;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
