/** Runs one command of the wrangler of this checkout. It has no terminal, so it never asks a question. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { parseJson } from "../../formats/json.ts";
import { CHECKOUT_FOLDER } from "./checkout.ts";
import { COMPILE_CACHE_FOLDER } from "./compile-cache.ts";
import { binOf } from "./package-bin.ts";

/**
 * Environment that keeps wrangler and its local runtime off the network (no metrics, no update check, no location lookup), and keeps
 * it from writing its own traces and logs to disk, which would hold the callers' URLs.
 */
export const offlineWrangler = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
  WRANGLER_WRITE_LOGS: "false",
};

export interface WranglerRun {
  /** Null when a signal ended the process, or `timeoutMs` was over. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** Wrangler's machine-readable events, in order. */
  events: readonly unknown[];
}

export interface WranglerOptions {
  /** Receives both output streams as they arrive. */
  onOutput?: (text: string) => void;
  /** Ends the command after this time. */
  timeoutMs?: number;
}

/** @returns the command line that runs wrangler with these arguments */
export async function wranglerCommand(...words: readonly string[]): Promise<string[]> {
  return [process.execPath, await binOf("wrangler", "wrangler"), ...words];
}

/** Runs one wrangler command in the folder of the checkout to its end, whatever its exit code. @param words with absolute paths */
export async function runWrangler(
  words: readonly string[],
  { onOutput = () => {}, timeoutMs }: WranglerOptions = {},
): Promise<WranglerRun> {
  return withTempFolder(async (folder) => {
    const eventsFile = join(folder, "events");
    const [program = "", ...rest] = await wranglerCommand(...words);
    const child = spawn(program, rest, {
      // Wrangler reads its configuration here, and keeps its files in .wrangler of this folder.
      cwd: CHECKOUT_FOLDER,
      env: {
        NODE_COMPILE_CACHE: COMPILE_CACHE_FOLDER,
        ...process.env,
        ...offlineWrangler,
        WRANGLER_OUTPUT_FILE_PATH: eventsFile,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Not spawn's own timeout: wrangler catches the signal and exits with a code.
    let isTooLate = false;
    const end = () => {
      isTooLate = true;
      child.kill();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs);
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (chunk: string) => {
        text[stream] += chunk;
        onOutput(chunk);
      });
    }
    const [code] = await once(child, "close").finally(() => clearTimeout(timer));
    await removeEmptyScratch(words);
    return {
      code: isTooLate ? null : code,
      ...text,
      events: jsonLines(await readFile(eventsFile, "utf8").catch(() => "")),
    };
  });
}

/**
 * Wrangler leaves an empty `.wrangler/tmp` beside the configuration that it was given. The checkout's own has local state, and stays; one
 * that another wrangler uses at the moment is not empty.
 */
async function removeEmptyScratch(words: readonly string[]): Promise<void> {
  const option = words.indexOf("--config");
  const config = option === -1 ? undefined : words[option + 1];
  const folder = dirname(resolve(CHECKOUT_FOLDER, config ?? "wrangler.toml"));
  if (folder === resolve(CHECKOUT_FOLDER)) return;
  for (const empty of [join(folder, ".wrangler/tmp"), join(folder, ".wrangler")]) await rmdir(empty).catch(() => {});
}

/**
 * Hands a value to a wrangler command in a file that only this user can read: a command line holds at most 128 KiB, and every user
 * of the machine can read it.
 */
export async function withValueFile<T>(value: string | Uint8Array, work: (file: string) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    const file = join(folder, "value");
    await writeFile(file, value, { mode: 0o600 });
    return work(file);
  });
}

const MAX_REASON_CHARACTERS = 1000;
/** What wrangler prints after its reason: the path of a log file, and where to report bugs. */
const AFTER_THE_REASON = /^(🪵|If you think this is a bug|Logs were written)/u;

/** @returns wrangler's whole reason without colours, on one line; its last line if it prints no error */
export function errorLine({ stdout, stderr }: Pick<WranglerRun, "stdout" | "stderr">): string {
  const lines = stripVTControlCharacters(`${stdout}\n${stderr}`)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const marked = lines.findIndex((line) => line.includes("[ERROR]"));
  const first = marked === -1 ? lines.findIndex((line) => /error/i.test(line)) : marked;
  if (first === -1) return lines.at(-1) ?? "no output";
  const rest = lines.slice(first);
  const end = rest.findIndex((line) => AFTER_THE_REASON.test(line));
  const reason = (end === -1 ? rest : rest.slice(0, end)).join(" ");
  return reason.length > MAX_REASON_CHARACTERS ? `${reason.slice(0, MAX_REASON_CHARACTERS - 1)}…` : reason;
}

/**
 * Why a read failed with 404: KV or R2 has no such key, or no such namespace or bucket. Null if it failed for another reason; `unknown` if
 * the answer does not distinguish the two. https://developers.cloudflare.com/api/resources/kv/
 */
export function whatIsMissing({
  stdout,
  stderr,
}: Pick<WranglerRun, "stdout" | "stderr">): "key" | "store" | "unknown" | null {
  const output = stderr + stdout;
  if (!/\b404: Not Found/.test(output)) return null;
  if (/\b10013\b|namespace not found|\b10006\b|bucket does not exist/i.test(output)) return "store";
  return /\b10009\b|\b10007\b|key not found|key does not exist/i.test(output) ? "key" : "unknown";
}

async function withTempFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-wrangler-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function jsonLines(text: string): unknown[] {
  return text
    .split("\n")
    .map(parseJson)
    .filter((value) => value !== undefined);
}
