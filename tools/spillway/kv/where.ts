/** The options `--local`, `--remote` and `--env`, which select the KV that a command works on. */
import { type Command, Option } from "commander";
import { localSettings } from "../../process/local-settings.ts";
import type { Kv, KvBinding } from "./kv.ts";
import { withLocalKv } from "./local-kv.ts";
import { remoteKv } from "./remote-kv.ts";

export interface WhereOptions {
  local?: true;
  remote?: true;
  env?: string;
}

/** Adds `--local`, `--remote` and `--env` to a command. */
export function addWhereOptions(command: Command): Command {
  return command
    .addOption(new Option("--local", "the KV on this machine, as npm start uses it (default)").conflicts("remote"))
    .option("--remote", "the KV of the Cloudflare account, through wrangler")
    .option("--env <name>", "environment of wrangler.toml, with --remote");
}

/** @returns the options as they are typed, with a space before them; empty for this machine */
export function whereWords({ remote, env }: WhereOptions): string {
  return `${remote ? " --remote" : ""}${env === undefined ? "" : ` --env ${env}`}`;
}

/**
 * Opens the selected KV namespace for `work`.
 * @throws Error with one sentence for `--env` without `--remote`: a change that was meant for the account would be saved on this machine
 */
export async function withKv<T>(
  binding: KvBinding,
  { remote, env }: WhereOptions,
  work: (kv: Kv) => Promise<T>,
): Promise<T> {
  if (remote) return work(remoteKv(binding, env));
  if (env !== undefined) {
    throw new Error(
      `--env ${env} selects an environment of the Cloudflare account; pass --remote with it, or leave it out for this machine.`,
    );
  }
  return withLocalKv(binding, localSettings(process.env).persistFolder, work);
}
