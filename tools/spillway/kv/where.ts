/** Which KV a command works on: this machine's, or the account's. */
import { type Command, Option } from "commander";
import { readSettings } from "../../start/settings.ts";
import type { Kv, KvBinding } from "./kv.ts";
import { withLocalKv } from "./local-kv.ts";
import { remoteKv } from "./remote-kv.ts";

export interface WhereOptions {
  local?: true;
  remote?: true;
  env?: string;
}

export function addWhereOptions(command: Command): Command {
  return command
    .addOption(new Option("--local", "the KV on this machine, where npm start looks; the default").conflicts("remote"))
    .option("--remote", "the account's KV, through wrangler")
    .option("--env <name>", "environment of wrangler.toml");
}

export function withKv<T>(binding: KvBinding, { remote, env }: WhereOptions, work: (kv: Kv) => Promise<T>): Promise<T> {
  if (remote) return work(remoteKv(binding, env));
  return withLocalKv(binding, readSettings(process.env).persistFolder, env, work);
}
