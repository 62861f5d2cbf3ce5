/** The account's KV, through the wrangler command that is logged in to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { KV_ELSEWHERE_SECONDS } from "../../../policies/store.ts";
import { binOf, offlineWrangler } from "../../process/run-wrangler.ts";
import { readJson } from "../policy/json.ts";
import type { Kv, KvBinding } from "./kv.ts";

/** So many keys may be asked for at once. */
const BULK_MAX = 100;
/** Wrangler's words for a key that is not there. */
const NOT_FOUND = /\b404: Not Found/;

/** Each call throws an Error with wrangler's own words when its command fails. */
export function remoteKv(binding: KvBinding, environment: string | undefined): Kv {
  const where = ["--binding", binding, "--remote", ...(environment === undefined ? [] : ["--env", environment])];
  return {
    get: async (key) => {
      const { code, stdout, stderr } = await wrangler("kv", "key", "get", key, ...where);
      if (code === 0) return stdout;
      if (NOT_FOUND.test(stderr + stdout)) return null;
      throw new Error(`wrangler could not read the KV key ${key}: ${lastWords(stderr + stdout)}`);
    },
    put: async (key, text) => {
      const { code, stdout, stderr } = await withFile(text, (file) =>
        wrangler("kv", "key", "put", key, "--path", file, ...where),
      );
      if (code !== 0) throw new Error(`wrangler could not write the KV key ${key}: ${lastWords(stderr + stdout)}`);
    },
    all: async (prefix) => {
      const listed = await wrangler("kv", "key", "list", "--prefix", prefix, ...where);
      const names = listed.code === 0 ? namesIn(listed.stdout) : null;
      if (names === null) {
        throw new Error(`wrangler could not list the KV keys: ${lastWords(listed.stderr + listed.stdout)}`);
      }
      const found = new Map<string, string>();
      for (let at = 0; at < names.length; at += BULK_MAX) {
        const { code, stdout, stderr } = await withFile(JSON.stringify(names.slice(at, at + BULK_MAX)), (file) =>
          wrangler("kv", "bulk", "get", file, ...where),
        );
        const values = code === 0 ? valuesIn(stdout) : null;
        if (values === null) throw new Error(`wrangler could not read the KV keys: ${lastWords(stderr + stdout)}`);
        for (const [name, text] of values) found.set(name, text);
      }
      return found;
    },
    settleSeconds: KV_ELSEWHERE_SECONDS,
  };
}

/** Through a file: a command line holds no more than 128 KiB, and everyone on this machine can read it. */
async function withFile<T>(text: string, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-kv-"));
  try {
    const file = join(folder, "value");
    await writeFile(file, text, { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Wrangler may say something of its own before it. */
const jsonIn = (output: string) => readJson(output.slice(Math.max(0, output.search(/^[[{]/m))));

const listSchema = z.array(z.object({ name: z.string() }));

/** Null where it is something else than wrangler's list. */
function namesIn(output: string): string[] | null {
  return listSchema.safeParse(jsonIn(output)).data?.map(({ name }) => name) ?? null;
}

/** A key that went meanwhile is null. Some versions wrap what is stored in an object. */
const bulkSchema = z.record(
  z.string(),
  z.union([z.string(), z.null(), z.object({ value: z.string().nullable() }).transform(({ value }) => value)]),
);

function valuesIn(output: string): [string, string][] | null {
  const values = bulkSchema.safeParse(jsonIn(output)).data;
  if (values === undefined) return null;
  return Object.entries(values).flatMap(([name, text]): [string, string][] => (text === null ? [] : [[name, text]]));
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
