/** The account's KV, through the wrangler command that is logged in to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { KV_ELSEWHERE_SECONDS } from "../../policies/effect.ts";
import { binOf } from "../start/bin-of.ts";
import { offlineWrangler } from "../start/offline-wrangler.ts";
import type { PolicyKv } from "./kv.ts";

/** Wrangler's words for a key that is not there. */
const NOT_FOUND = /\b404: Not Found/;

/** Each call throws an Error with wrangler's own words when its command fails. */
export function remoteKv(environment: string | undefined): PolicyKv {
  const where = ["--binding", "POLICIES", "--remote", ...(environment === undefined ? [] : ["--env", environment])];
  return {
    get: async (key) => {
      const { code, stdout, stderr } = await wrangler("kv", "key", "get", key, ...where);
      if (code === 0) return stdout;
      if (NOT_FOUND.test(stderr + stdout)) return null;
      throw new Error(`wrangler could not read the KV key ${key}: ${lastWords(stderr + stdout)}`);
    },
    put: async (key, text) => {
      // Through a file: a command line holds no more than 128 KiB, and everyone on this machine can read it.
      const folder = await mkdtemp(join(tmpdir(), "spillway-policy-"));
      try {
        const file = join(folder, "value");
        await writeFile(file, text, { mode: 0o600 });
        const { code, stdout, stderr } = await wrangler("kv", "key", "put", key, "--path", file, ...where);
        if (code !== 0) throw new Error(`wrangler could not write the KV key ${key}: ${lastWords(stderr + stdout)}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    settleSeconds: KV_ELSEWHERE_SECONDS,
  };
}

async function wrangler(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [await binOf("wrangler", "wrangler"), ...words], {
    env: { ...process.env, ...offlineWrangler },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => void chunks[stream].push(chunk));
  }
  const [code] = await once(child, "close");
  const text = (stream: "stdout" | "stderr") => Buffer.concat(chunks[stream]).toString("utf8");
  return { code, stdout: text("stdout"), stderr: text("stderr") };
}

/** Its error line, without colours. */
function lastWords(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim());
  return lines.find((line) => /error/i.test(line)) ?? lines.findLast((line) => line !== "") ?? "it said nothing";
}
