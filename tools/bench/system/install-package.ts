/** npm packages that a bench compares with: installed on demand, outside the repository's dependencies, without their scripts. */
import { execFile } from "node:child_process";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface OnDemand {
  name: string;
  version: string;
  /** In `.spillway/bench`. */
  folder: string;
  /** The bench's option that leaves it out. */
  without: string;
}

const MAX_INSTALL_MS = 5 * 60_000;

/** Installs it once. @returns the package's folder @throws Error with one sentence if npm fails, as without a network */
export async function installPackage({ name, version, folder, without }: OnDemand): Promise<string> {
  const installed = join(folder, "node_modules", name);
  if (await exists(join(installed, "package.json"))) return installed;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", `${name}@${version}`];
  try {
    await promisify(execFile)("npm", install, { cwd: folder, timeout: MAX_INSTALL_MS });
  } catch {
    throw new Error(`npm could not install ${name}@${version}; connect to a network, or pass ${without}.`);
  }
  return installed;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
