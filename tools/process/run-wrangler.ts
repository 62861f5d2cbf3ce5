/** The wrangler command of this checkout, which never asks: it has no terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

export interface WranglerRun {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What it says for machines, one object a line. */
  events: readonly unknown[];
}

/** `tell` hears its output as it comes. */
export async function runWrangler(
  words: readonly string[],
  tell: (text: string) => void = () => {},
): Promise<WranglerRun> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-wrangler-"));
  const eventsFile = join(folder, "events");
  try {
    const child = spawn(process.execPath, [await binOf("wrangler", "wrangler"), ...words], {
      env: { ...process.env, ...offlineWrangler, WRANGLER_OUTPUT_FILE_PATH: eventsFile },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (chunk: string) => {
        text[stream] += chunk;
        tell(chunk);
      });
    }
    const [code] = await once(child, "close");
    return { code, ...text, events: linesOfJson(await readFile(eventsFile, "utf8").catch(() => "")) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Its error line, without colours. */
export function lastWords({ stdout, stderr }: Pick<WranglerRun, "stdout" | "stderr">): string {
  const lines = stripVTControlCharacters(`${stdout}\n${stderr}`)
    .split("\n")
    .map((line) => line.trim());
  return lines.find((line) => /error/i.test(line)) ?? lines.findLast((line) => line !== "") ?? "it said nothing";
}

function linesOfJson(text: string): unknown[] {
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** The script behind a package's command; run by this Node itself, so that no shell shim hides a child's process id. */

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

/**
 * Keeps wrangler and its local runtime off the network (no metrics, no update check, no lookup of this machine's location), and from
 * keeping traces of its own, which have callers' whole URLs in them and stay on disk.
 */
export const offlineWrangler = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
};
