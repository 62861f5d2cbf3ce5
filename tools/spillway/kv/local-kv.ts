/** KV on this machine, as wrangler stores it. A running `wrangler dev` sees each write. */
import { withLocalBindings } from "../../process/run-wrangler.ts";
import type { Kv, KvBinding } from "./kv.ts";

/** The part of the Workers KV binding that the commands use. */
interface Namespace {
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  list(options: {
    prefix: string;
    cursor?: string;
  }): Promise<{ keys: { name: string }[] } & ({ list_complete: true } | { list_complete: false; cursor: string })>;
}

/**
 * Opens a namespace for `work`.
 * @param persistFolder as wrangler's `--persist-to` has it
 * @param environment of wrangler.toml; undefined for the top level
 * @throws Error with one sentence when wrangler.toml binds no such namespace
 */
export function withLocalKv<T>(
  binding: KvBinding,
  persistFolder: string,
  environment: string | undefined,
  work: (kv: Kv) => Promise<T>,
): Promise<T> {
  return withLocalBindings<Partial<Record<KvBinding, Namespace>>, T>(persistFolder, environment, (bindings) => {
    const namespace = bindings[binding];
    if (namespace === undefined) {
      throw new Error(
        `wrangler.toml of the checkout binds no KV namespace as ${binding}; add it under [[kv_namespaces]].`,
      );
    }
    return work({
      get: (key) => namespace.get(key),
      put: (key, text) => namespace.put(key, text),
      all: (prefix) => all(namespace, prefix),
      settleSeconds: 0,
    });
  });
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
