/** Commands of installed npm packages. */
import { readFile } from "node:fs/promises";

/**
 * Finds the script behind a package's command. Node runs it directly: a shell shim would hide the process id of the child.
 * @returns its path from the root of the checkout
 * @throws Error with one sentence when the package has no such command
 */
export async function binOf(packageName: string, bin: string): Promise<string> {
  // Read from the folder: not every package exports its package.json.
  const folder = `node_modules/${packageName}`;
  const manifest: { bin?: string | Record<string, string> } = JSON.parse(
    await readFile(`${folder}/package.json`, "utf8"),
  );
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin?.[bin];
  if (file === undefined) throw new Error(`The package ${packageName} has no command ${bin}. Run npm ci.`);
  return `${folder}/${file}`;
}
