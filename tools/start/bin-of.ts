/** The script behind a package's command; run by this Node itself, so that no shell shim hides a child's process id. */
import { readFile } from "node:fs/promises";

/** Reads package.json from the folder: not every package exports it. */
export async function binOf(packageName: string, bin: string): Promise<string> {
  const folder = `node_modules/${packageName}`;
  const manifest: { bin?: string | Record<string, string> } = JSON.parse(
    await readFile(`${folder}/package.json`, "utf8"),
  );
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin?.[bin];
  if (file === undefined) throw new Error(`${packageName} has no command ${bin}. Run npm ci.`);
  return `${folder}/${file}`;
}
