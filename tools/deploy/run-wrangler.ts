/** The wrangler command of this checkout, which never asks: it has no terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { binOf } from "../start/bin-of.ts";
import { offlineWrangler } from "../start/offline-wrangler.ts";

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
