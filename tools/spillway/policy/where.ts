/** Which KV a policy command works on. */
import { type Command, Option } from "commander";
import { look, record, type Seen } from "../../policy/desk.ts";
import type { PolicyKv } from "../../policy/kv.ts";
import { withLocalKv } from "../../policy/local-kv.ts";
import { remoteKv } from "../../policy/remote-kv.ts";
import { readSettings } from "../../start/settings.ts";

export interface WhereOptions {
  local?: true;
  remote?: true;
  env?: string;
}

export function takesWhere(command: Command): Command {
  return command
    .addOption(new Option("--local", "the KV on this machine, where npm start looks; the default").conflicts("remote"))
    .option("--remote", "the account's KV, through wrangler")
    .option("--env <name>", "environment of wrangler.toml");
}

export function withKv<T>({ remote, env }: WhereOptions, work: (kv: PolicyKv) => Promise<T>): Promise<T> {
  if (remote) return work(remoteKv(env));
  return withLocalKv(readSettings(process.env).persistFolder, env, work);
}

/** Hands over what is stored. Edits by other means are kept in the history even when the work fails. */
export function withSeen<T>(where: WhereOptions, work: (seen: Seen, kv: PolicyKv) => Promise<T>): Promise<T> {
  return withKv(where, async (kv) => {
    const seen = await look(kv, new Date());
    for (const { name } of seen.unrecorded) {
      console.error(`  ! version ${name} was stored outside the spillway command; it is in the history now`);
    }
    if (seen.unsettled !== null) {
      const { entry, waitSeconds } = seen.unsettled;
      console.error(`  ! version ${entry.name} was stored a moment ago; KV may show it only in ${waitSeconds} s`);
    }
    let stored = false;
    try {
      const outcome = await work(seen, {
        ...kv,
        put: (key, text) => {
          // KV takes one write a second per key, and this one holds what was found too.
          stored = true;
          return kv.put(key, text);
        },
      });
      return outcome;
    } finally {
      if (!stored) await record(kv, seen);
    }
  });
}
