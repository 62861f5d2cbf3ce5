/** The gateway's variables and secrets, handed to wrangler in a file that only this user can read. */
import { writeFile } from "node:fs/promises";

export async function writeVariables(file: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
}
