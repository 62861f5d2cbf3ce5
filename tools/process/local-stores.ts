/**
 * The KV and R2 that wrangler keeps on this machine, in Miniflare, which is wrangler's own simulator of them. Wrangler's API for it takes six
 * times as long: it loads all of wrangler, and simulates every binding. docs/decisions/044-local-stores-without-wrangler.md
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Miniflare } from "miniflare";
import { parse } from "smol-toml";
import { z } from "zod";
import { sha256Hex } from "../../formats/sha256.ts";
import { CHECKOUT_FOLDER } from "./checkout.ts";

/** workerd starts within seconds. Miniflare would wait for it forever. */
const MAX_OPEN_SECONDS = 120;

/** What a Worker sees of SQLite's "database is locked": another process, such as a running gateway, writes to the store. */
const LOCKED = /internal (server )?error/i;
/** Pauses between attempts double. Six seconds in all. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 3200;

/** A KV namespace, as its binding has it. */
export interface LocalKv {
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  delete(key: string): Promise<void>;
  /** @returns key and value of every key that begins with `prefix` */
  all(prefix: string): Promise<Map<string, string>>;
}

/** An R2 bucket. */
export interface LocalBucket {
  /** @returns null if there is no such object */
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

export interface LocalStores {
  /** @throws Error with one sentence if wrangler.toml binds no such namespace */
  kv(binding: string): LocalKv;
  /** @throws Error with one sentence if wrangler.toml binds no such bucket */
  bucket(binding: string): LocalBucket;
}

/** The stores that are open around the running code, by folder: to open them again starts another workerd. */
const openAround = new AsyncLocalStorage<ReadonlyMap<string, LocalStores>>();

/**
 * Opens KV and R2 as `npm start` and wrangler's commands with `--local` have them. A running `wrangler dev` sees each write.
 * @param persistFolder as wrangler's `--persist-to` has it; a relative path begins in the checkout, as for `npm start`
 * @param work gets the stores of the top level of wrangler.toml; they are closed when it ends. What `work` opens of the same folder are these
 * @throws Error with one sentence when they are not open after `MAX_OPEN_SECONDS`
 */
export async function withLocalStores<T>(persistFolder: string, work: (stores: LocalStores) => Promise<T>): Promise<T> {
  // The version folder that wrangler adds to `--persist-to`.
  const folder = resolve(CHECKOUT_FOLDER, persistFolder, "v3");
  const around = openAround.getStore() ?? new Map<string, LocalStores>();
  const open = around.get(folder);
  if (open !== undefined) return await work(open);
  const env = storesIn(await readFile(join(CHECKOUT_FOLDER, "wrangler.toml"), "utf8"));
  // Loaded only when needed: `--help` and `--remote` do not have to wait for it.
  const { Miniflare } = await import("miniflare");
  const simulator = new Miniflare({
    resourcePersistencePath: folder,
    // Off the network, and unknown to a running `wrangler dev`.
    cf: false,
    enableDevRegistry: false,
    logRequests: false,
    workers: [{ config: { name: "stores", compatibilityDate: "2026-11-01", manifest: STORES_WORKER, env } }],
  });
  await withinSeconds(
    MAX_OPEN_SECONDS,
    simulator.ready.then(() => simulator),
  );
  try {
    const stores = storesOf(simulator, env);
    return await openAround.run(new Map([...around, [folder, stores]]), () => work(stores));
  } finally {
    await simulator.dispose();
  }
}

/** Miniflare's own proxies of bindings start a thread for each simulator, which takes as long as the simulator. */
const STORES_WORKER = {
  mainModule: "stores.mjs",
  modules: {
    "stores.mjs": {
      type: "esm" as const,
      contents: `export default {
  async fetch(request, env) {
    const [binding, method, key, options] = JSON.parse(decodeURIComponent(request.headers.get("x-call")));
    const store = env[binding];
    try {
      if (method === "get") {
        const value = await store.get(key, { type: "stream" });
        return value === null ? new Response(null, { status: 404 }) : new Response(value.body ?? value);
      }
      if (method === "put") await store.put(key, await request.arrayBuffer(), options);
      if (method === "delete") await store.delete(key);
      if (method !== "list") return new Response(null, { status: 204 });
      return Response.json(await store.list(options));
    } catch (error) {
      return new Response(String(error?.message ?? error), { status: 500 });
    }
  },
};`,
    },
  },
};

/** Of a list of keys; the last page has no cursor. */
const pageSchema = z.object({ keys: z.array(z.object({ name: z.string() })), cursor: z.string().optional() });

type Store = { type: "kv"; id: string } | { type: "r2"; name: string };

function storesOf(simulator: Miniflare, env: Readonly<Record<string, Store>>): LocalStores {
  const call = async (words: readonly unknown[], body: string | Uint8Array | null = null) => {
    const headers = { "x-call": encodeURIComponent(JSON.stringify(words)) };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      const answer = await simulator.dispatchFetch("http://stores/", { method: "POST", headers, body });
      if (answer.ok || answer.status === 404) return answer;
      const reason = await answer.text();
      if (!LOCKED.test(reason) || pauseMs > MAX_PAUSE_MS) {
        throw new Error(`The local store ${String(words[0])} failed: ${reason}`);
      }
      await sleep(pauseMs);
    }
  };
  const mustBind = (binding: string, type: Store["type"], what: string, table: string) => {
    if (env[binding]?.type === type) return;
    throw new Error(`wrangler.toml of the checkout binds no ${what} as ${binding}; add it under [[${table}]].`);
  };
  return {
    kv(binding) {
      mustBind(binding, "kv", "KV namespace", "kv_namespaces");
      const get = async (key: string) => {
        const answer = await call([binding, "get", key]);
        return answer.status === 404 ? null : await answer.text();
      };
      return {
        get,
        put: async (key, text) => void (await call([binding, "put", key], text)),
        delete: async (key) => void (await call([binding, "delete", key])),
        all: async (prefix) => {
          const found = new Map<string, string>();
          let cursor: string | undefined;
          do {
            const page = pageSchema.parse(await (await call([binding, "list", null, { prefix, cursor }])).json());
            for (const { name } of page.keys) {
              const text = await get(name);
              if (text !== null) found.set(name, text);
            }
            cursor = page.cursor;
          } while (cursor !== undefined);
          return found;
        },
      };
    },
    bucket(binding) {
      mustBind(binding, "r2", "R2 bucket", "r2_buckets");
      return {
        get: async (key) => {
          const answer = await call([binding, "get", key]);
          return answer.status === 404 ? null : new Uint8Array(await answer.arrayBuffer());
        },
        // R2 refuses bytes of another digest.
        put: async (key, bytes) => void (await call([binding, "put", key, { sha256: sha256Hex(bytes) }], bytes)),
      };
    },
  };
}
const configSchema = z.object({
  kv_namespaces: z
    .array(z.object({ binding: z.string(), id: z.string().optional(), preview_id: z.string().optional() }))
    .default([]),
  r2_buckets: z
    .array(
      z.object({
        binding: z.string(),
        bucket_name: z.string().optional(),
        preview_bucket_name: z.string().optional(),
      }),
    )
    .default([]),
});

/**
 * The stores of a wrangler.toml by the names under which `wrangler dev` keeps them.
 * @throws the parser's error for a text that is not TOML, with line and column; ZodError
 */
function storesIn(toml: string): Record<string, Store> {
  const { kv_namespaces, r2_buckets } = configSchema.parse(parse(toml));
  return Object.fromEntries([
    ...kv_namespaces.map(
      ({ binding, id, preview_id }) => [binding, { type: "kv" as const, id: preview_id ?? id ?? binding }] as const,
    ),
    ...r2_buckets.map(
      ({ binding, bucket_name, preview_bucket_name }) =>
        [binding, { type: "r2" as const, name: preview_bucket_name ?? bucket_name ?? binding }] as const,
    ),
  ]);
}

/**
 * Waits for the local bindings to open. Ones that open later are closed.
 * @throws Error with one sentence when the time is over; the error of `opening`
 */
export async function withinSeconds<T extends { dispose(): Promise<void> }>(
  seconds: number,
  opening: Promise<T>,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    opening.then((proxy) => proxy.dispose()).catch(() => {});
    const next = "The machine may be overloaded; retry. If it happens again, stop npm start and start it anew.";
    reject(new Error(`The local KV and R2 did not open within ${seconds} s: workerd has not started. ${next}`));
  }, seconds * 1000);
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}
