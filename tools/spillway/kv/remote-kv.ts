/** KV in the Cloudflare account, through the wrangler command that is logged in to it. */
import { z } from "zod";
import { parseJson } from "../../../formats/json.ts";
import { KV_PROPAGATION_SECONDS } from "../../../policies/store.ts";
import { errorLine, isNotFound, runWrangler, type WranglerRun, withValueFile } from "../../process/run-wrangler.ts";
import type { Kv, KvBinding } from "./kv.ts";

/** `wrangler kv bulk get` accepts this many keys. */
const MAX_BULK_KEYS = 100;

/**
 * @param environment of wrangler.toml; undefined for the top level
 * @returns a namespace whose calls throw an Error with wrangler's message when a command fails
 */
export function remoteKv(binding: KvBinding, environment: string | undefined): Kv {
  const where = ["--binding", binding, "--remote", ...(environment === undefined ? [] : ["--env", environment])];
  return {
    get: async (key) => {
      const run = await runWrangler(["kv", "key", "get", key, ...where]);
      if (run.code === 0) return run.stdout;
      if (isNotFound(run)) return null;
      throw failed(`read the KV key ${key}`, run);
    },
    put: async (key, text) => {
      const run = await withValueFile(text, (file) => runWrangler(["kv", "key", "put", key, "--path", file, ...where]));
      if (run.code !== 0) throw failed(`write the KV key ${key}`, run);
    },
    all: async (prefix) => {
      const listed = await runWrangler(["kv", "key", "list", "--prefix", prefix, ...where]);
      const names = listed.code === 0 ? namesIn(listed.stdout) : null;
      if (names === null) throw failed("list the KV keys", listed);
      const found = new Map<string, string>();
      for (let at = 0; at < names.length; at += MAX_BULK_KEYS) {
        const run = await withValueFile(JSON.stringify(names.slice(at, at + MAX_BULK_KEYS)), (file) =>
          runWrangler(["kv", "bulk", "get", file, ...where]),
        );
        const values = run.code === 0 ? valuesIn(run.stdout) : null;
        if (values === null) throw failed("read the KV keys", run);
        for (const [name, text] of values) found.set(name, text);
      }
      return found;
    },
    settleSeconds: KV_PROPAGATION_SECONDS,
  };
}

function failed(what: string, run: WranglerRun): Error {
  return new Error(`wrangler could not ${what}: ${errorLine(run)}`);
}

/** Wrangler may print other lines before the JSON. */
const jsonIn = (output: string) => parseJson(output.slice(Math.max(0, output.search(/^[[{]/m))));

const listSchema = z.array(z.object({ name: z.string() }));

/** Null when the output is not wrangler's list. */
function namesIn(output: string): string[] | null {
  return listSchema.safeParse(jsonIn(output)).data?.map(({ name }) => name) ?? null;
}

/** A key that was deleted after the list is null. Some versions of wrangler wrap each value in an object. */
const bulkSchema = z.record(
  z.string(),
  z.union([z.string(), z.null(), z.object({ value: z.string().nullable() }).transform(({ value }) => value)]),
);

/** Null when the output is not wrangler's bulk result. */
function valuesIn(output: string): [string, string][] | null {
  const values = bulkSchema.safeParse(jsonIn(output)).data;
  if (values === undefined) return null;
  return Object.entries(values).flatMap(([name, text]): [string, string][] => (text === null ? [] : [[name, text]]));
}
