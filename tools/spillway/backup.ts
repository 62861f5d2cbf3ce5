/** `spillway backup`: a KV namespace as JSON for `wrangler kv bulk put`. The output of wrangler's `bulk get` has another form. */
import { type Command, Option } from "commander";
import type { Kv, KvBinding } from "./kv/kv.ts";
import { addWhereOptions, type WhereOptions, withKv } from "./kv/where.ts";

const NAMESPACES = ["KEYS", "POLICIES"] as const satisfies readonly KvBinding[];

interface Options extends WhereOptions {
  binding: KvBinding;
}

/** Adds `spillway backup`. */
export function registerBackup(program: Command): void {
  const backup = program
    .command("backup")
    .description("Print every key and value of a KV namespace, as JSON for wrangler kv bulk put.")
    .addOption(new Option("--binding <name>", "the namespace").choices(NAMESPACES).makeOptionMandatory());
  addWhereOptions(backup).action(async ({ binding, ...where }: Options) => {
    console.log(JSON.stringify(await withKv(binding, where, everythingIn), null, 2));
  });
}

/** Sorted by key, so that two backups can be compared. Spillway stores neither metadata nor an expiry with a key. */
async function everythingIn(kv: Kv): Promise<{ key: string; value: string }[]> {
  const stored = [...(await kv.all(""))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return stored.map(([key, value]) => ({ key, value }));
}
