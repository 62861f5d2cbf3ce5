/** The `spillway` command as a user types it, on one running system's state. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Running } from "./system.ts";

const ROOT = new URL("../../..", import.meta.url);

/** Resolves to what it printed on stdout. @throws Error with what it printed on stderr when it failed. */
export async function spillway({ stateFolder }: Pick<Running, "stateFolder">, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, ["tools/spillway/main.ts", ...words], {
    cwd: ROOT,
    env: { ...process.env, SPILLWAY_STATE_DIR: stateFolder },
  });
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      printed[stream] += chunk.toString();
    });
  }
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(printed.stderr.trim());
  return printed.stdout.trim();
}
