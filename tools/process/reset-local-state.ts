/** `npm run reset`: removes wrangler's local KV, R2 and Durable Objects, and the keys and logs of `npm start`. */
import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { mustBeFree } from "./ports.ts";
import { describeHolder, LOCK_FILE, lockHolder } from "./state-lock.ts";

/** For `npm run reset -- --help`. */
export const RESET_USAGE = `Usage: npm run reset

Deletes all local state: the policy, API keys and models of npm start (.wrangler/), and its signing key and logs (.spillway/).
With SPILLWAY_STATE_DIR it deletes what npm start has stored in that folder. It has no options. Stop npm start first.`;

/** What `npm start` stores in a folder of the user's choice, which may hold other files too. */
const IN_OTHER_FOLDER = [
  "wrangler",
  "logs",
  "registry",
  "gateway.json",
  "control-plane.json",
  "local-signing.pem",
  "local-signing.pub.pem",
  "model.sig",
  LOCK_FILE,
];

/** In the checkout. A wrangler that was killed leaves its scratch files beside the configuration that it read. */
const IN_CHECKOUT = [".wrangler", "control-plane/.wrangler", ".spillway"];

export interface LocalState {
  /** Folder of the checkout. */
  root: string;
  /** Absolute path. */
  stateFolder: string;
  /** Whether `SPILLWAY_STATE_DIR` names the folder. */
  isOtherFolder: boolean;
  /** Where a running gateway would listen. */
  gatewayPort: number;
}

/**
 * @returns the lines to print
 * @throws Error with one sentence while a system or a gateway runs: without its files it would answer nothing
 */
export async function resetLocalState(state: LocalState): Promise<string[]> {
  const { root, stateFolder, isOtherFolder, gatewayPort } = state;
  const holder = await lockHolder(stateFolder);
  if (holder !== null) {
    throw new Error(
      `npm start uses this state: ${describeHolder(holder)}. Stop it with Ctrl-C in its terminal, then repeat npm run reset. Nothing was removed.`,
    );
  }
  // A gateway that npm start has not started, or that was left when npm start was killed.
  await mustBeFree(gatewayPort, "the gateway", "SPILLWAY_PORT").catch((cause: unknown) => {
    const next = "Stop the gateway that listens on it; if another program does, set SPILLWAY_PORT to a free port.";
    throw new Error(`Port ${gatewayPort} (the gateway) is in use. ${next} Nothing was removed.`, { cause });
  });
  const names = isOtherFolder ? IN_OTHER_FOLDER : IN_CHECKOUT;
  const paths = names.map((name) => join(isOtherFolder ? stateFolder : root, name));
  const lines: string[] = [];
  for (const [index, path] of paths.entries()) {
    if (!(await exists(path))) continue;
    await rm(path, { recursive: true, force: true });
    lines.push(`removed ${isOtherFolder ? path : `${names[index]}/`}`);
  }
  return lines.length === 0 ? ["There is no local state. Nothing was removed."] : lines;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
