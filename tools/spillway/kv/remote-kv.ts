/** KV in the Cloudflare account, through the wrangler command that is logged in to it. */
import { z } from "zod";
import { parseJson } from "../../../formats/json.ts";
import { KV_PROPAGATION_SECONDS } from "../../../policies/store.ts";
import { errorLine, runWrangler, type WranglerRun, whatIsMissing, withValueFile } from "../../process/run-wrangler.ts";
import type { Kv, KvBinding } from "./kv.ts";

/** `wrangler kv bulk get` accepts this many keys. */
const MAX_BULK_KEYS = 100;
/** Wrangler sets no bound on a request that Cloudflare does not answer. A command takes a few seconds. */
const MAX_COMMAND_MS = 60_000;

/**
 * @param environment of wrangler.toml; undefined for the top level
 * @param maxCommandMs a wrangler command that takes longer is ended
 * @returns a namespace whose calls throw an Error with wrangler's message when a command fails
 */
export function remoteKv(binding: KvBinding, environment: string | undefined, maxCommandMs = MAX_COMMAND_MS): Kv {
  const where = ["--binding", binding, "--remote", ...(environment === undefined ? [] : ["--env", environment])];
  const run = (...words: string[]) => runWrangler(["kv", ...words, ...where], { timeoutMs: maxCommandMs });
  const failed = (what: string, ended: WranglerRun) =>
    new Error(
      ended.code === null
        ? `wrangler did not ${what} within ${maxCommandMs / 1000} s; check the network and retry.`
        : `wrangler could not ${what}: ${errorLine(ended)}`,
    );
  const getOne = async (key: string): Promise<string | null> => {
    const got = await run("key", "get", key);
    if (got.code === 0) return got.stdout;
    const missing = whatIsMissing(got);
    if (missing === "key") return null;
    if (missing !== "unknown") throw failed(`read the KV key ${key}`, got);
    // A namespace that does not exist must not look like one that is empty. It cannot be listed.
    const listed = await run("key", "list", "--prefix", key);
    if (listed.code === 0) return null;
    throw failed(`read the KV key ${key}`, listed);
  };
  /** At most `MAX_BULK_KEYS`. @returns those that exist */
  const getMany = async (keys: readonly string[]): Promise<[string, string][]> => {
    const got = await withValueFile(JSON.stringify(keys), (file) => run("bulk", "get", file));
    const values = got.code === 0 ? valuesIn(got.stdout) : null;
    if (values !== null) return values;
    throw failed(keys.length > 3 ? "read the KV keys" : `read the KV keys ${keys.join(", ")}`, got);
  };
  return {
    get: readTogether(getOne, async (keys) => new Map(await getMany(keys))),
    put: async (key, text) => {
      const written = await withValueFile(text, (file) => run("key", "put", key, "--path", file));
      if (written.code !== 0) throw failed(`write the KV key ${key}`, written);
    },
    all: async (prefix) => {
      const listed = await run("key", "list", "--prefix", prefix);
      const names = listed.code === 0 ? namesIn(listed.stdout) : null;
      if (names === null) throw failed("list the KV keys", listed);
      const found = new Map<string, string>();
      for (let at = 0; at < names.length; at += MAX_BULK_KEYS) {
        for (const [name, text] of await getMany(names.slice(at, at + MAX_BULK_KEYS))) found.set(name, text);
      }
      return found;
    },
    settleSeconds: KV_PROPAGATION_SECONDS,
  };
}

/**
 * Reads keys that are asked for at the same time with one command: each command takes seconds.
 * @param getMany those that exist, of at most `MAX_BULK_KEYS`
 */
function readTogether(
  getOne: (key: string) => Promise<string | null>,
  getMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Kv["get"] {
  let waiting: string[] = [];
  let reading: Promise<(key: string) => Promise<string | null>> | null = null;
  const read = async () => {
    // Whatever asks in the same turn of the event loop is among them.
    await null;
    const keys = [...new Set(waiting)];
    waiting = [];
    reading = null;
    if (keys.length === 1 || keys.length > MAX_BULK_KEYS) return getOne;
    const found = await getMany(keys);
    return async (key: string) => found.get(key) ?? null;
  };
  return async (key) => {
    waiting.push(key);
    reading ??= read();
    return (await reading)(key);
  };
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
