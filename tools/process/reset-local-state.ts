/** `npm run reset`: removes wrangler's local KV, R2 and Durable Objects, and the keys and logs of `npm start`. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { mustBeFree } from "./ports.ts";

const USAGE = `Usage: npm run reset

Deletes all local state: the policy, API keys and models of npm start (.wrangler/), and its signing key and logs (.spillway/).
It has no options. Stop npm start first.`;

/**
 * @param words of the command line: none, or --help, which removes nothing
 * @param root the folder of the checkout
 * @param gatewayPort where a running gateway would listen
 * @returns the lines to print
 * @throws Error with one sentence for another option, and while a gateway runs: without its files it would answer nothing
 */
export async function resetLocalState(words: readonly string[], root: string, gatewayPort: number): Promise<string[]> {
  const [option] = words;
  if (option === "--help" || option === "-h") return [USAGE];
  if (option !== undefined) throw new Error(`npm run reset has no option ${option}. Nothing was removed.\n\n${USAGE}`);
  await mustBeFree(gatewayPort, "the gateway", "SPILLWAY_PORT").catch((cause: unknown) => {
    throw new Error(`Port ${gatewayPort} (the gateway) is in use. Stop npm start first. Nothing was removed.`, {
      cause,
    });
  });
  const folders = [".wrangler", ".spillway"];
  for (const folder of folders) await rm(join(root, folder), { recursive: true, force: true });
  return folders.map((folder) => `removed ${folder}/`);
}
