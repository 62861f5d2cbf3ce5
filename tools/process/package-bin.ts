/** Commands of installed npm packages. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CHECKOUT_FOLDER } from "./checkout.ts";

/**
 * Finds the script behind a package's command. Node runs it directly: a shell shim would hide the process id of the child.
 * @returns its absolute path
 * @throws Error with one sentence when the package has no such command
 */
export async function binOf(packageName: string, bin: string): Promise<string> {
  // Read from the folder: not every package exports its package.json.
  const folder = join(CHECKOUT_FOLDER, "node_modules", packageName);
  const manifest: { bin?: string | Record<string, string> } = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  );
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin?.[bin];
  if (file === undefined) throw new Error(`The package ${packageName} has no command ${bin}. Run npm ci.`);
  return join(folder, file);
}
