/** The gateway's variables and secrets, in a file for wrangler's `--env-file`. Only this user can read it. */
import { writeFile } from "node:fs/promises";

export async function writeVariables(file: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
}
