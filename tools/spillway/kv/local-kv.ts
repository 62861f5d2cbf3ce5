/** The KV that wrangler keeps on this machine; a running `wrangler dev` sees each write. */
import { offlineWrangler } from "../../process/run-wrangler.ts";
import type { Kv, KvBinding } from "./kv.ts";

interface Namespace {
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  list(options: {
    prefix: string;
    cursor?: string;
  }): Promise<{ keys: { name: string }[] } & ({ list_complete: true } | { list_complete: false; cursor: string })>;
}

/**
 * `persistFolder` as wrangler's `--persist-to` takes it. The namespace is good until `work` has ended.
 * @throws Error with one sentence when wrangler.toml has no such namespace
 */
export async function withLocalKv<T>(
  binding: KvBinding,
  persistFolder: string,
  environment: string | undefined,
  work: (kv: Kv) => Promise<T>,
): Promise<T> {
  Object.assign(process.env, offlineWrangler);
  // Only here: it takes a second to load, which `--help` and `--remote` need not wait for.
  const { getPlatformProxy } = await import("wrangler");
  const proxy = await getPlatformProxy<Partial<Record<KvBinding, Namespace>>>({
    ...(environment === undefined ? {} : { environment }),
    // The API wants the version folder that the command line adds by itself.
    persist: { path: `${persistFolder}/v3` },
    remoteBindings: false,
  });
  try {
    const namespace = proxy.env[binding];
    if (namespace === undefined) {
      throw new Error(
        `wrangler.toml here binds no KV namespace as ${binding}; run spillway in the folder of the checkout.`,
      );
    }
    return await work({
      get: (key) => namespace.get(key),
      put: (key, text) => namespace.put(key, text),
      all: (prefix) => all(namespace, prefix),
      settleSeconds: 0,
    });
  } finally {
    await proxy.dispose();
  }
}

async function all(namespace: Namespace, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await namespace.list({ prefix, ...(cursor !== undefined && { cursor }) });
    for (const { name } of page.keys) {
      const text = await namespace.get(name);
      if (text !== null) found.set(name, text);
    }
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return found;
}
