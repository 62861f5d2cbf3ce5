/** Variables and secrets of a Worker under wrangler dev, in a file. */
import { writeFile } from "node:fs/promises";

/** Writes a file for wrangler's `--env-file`, which only this user can read. An existing file is replaced. */
export async function writeVariables(file: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
}
