/** `spillway backup`: one KV namespace as a file that `wrangler kv bulk put` takes back. wrangler's own `bulk get` writes another form. */
import { type Command, Option } from "commander";
import type { Kv, KvBinding } from "./kv/kv.ts";
import { addWhereOptions, type WhereOptions, withKv } from "./kv/where.ts";

const NAMESPACES = ["KEYS", "POLICIES"] as const satisfies readonly KvBinding[];

interface Options extends WhereOptions {
  binding: KvBinding;
}

export function registerBackup(program: Command): void {
  const backup = program
    .command("backup")
    .description("Print everything that is stored in a KV namespace, as JSON for wrangler kv bulk put.")
    .addOption(new Option("--binding <name>", "which one").choices(NAMESPACES).makeOptionMandatory());
  addWhereOptions(backup).action(async ({ binding, ...where }: Options) => {
    console.log(JSON.stringify(await withKv(binding, where, everythingIn), null, 2));
  });
}

/** In one order, so that two backups can be compared. Spillway stores neither metadata nor expiry with a key. */
async function everythingIn(kv: Kv): Promise<{ key: string; value: string }[]> {
  const stored = [...(await kv.all(""))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return stored.map(([key, value]) => ({ key, value }));
}
