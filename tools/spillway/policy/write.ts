/** The options and the last step of each command that stores a version. */

import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import type { Command } from "commander";
import {
  FRESH_MS,
  IN_FORCE_EVERYWHERE_SECONDS,
  IN_FORCE_HERE_SECONDS,
  KV_CACHE_SECONDS,
  KV_PROPAGATION_SECONDS,
} from "../../../policies/store.ts";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { historyRows } from "./history-row.ts";
import type { JsonObject } from "../../../formats/json.ts";
import { type Author, type PolicyKv, type PolicyState, store } from "./repository.ts";

export interface WriteOptions extends WhereOptions {
  author?: string;
  message?: string;
}

const MESSAGE_MAX_LENGTH = 300;

export function addWriteOptions(command: Command): Command {
  return addWhereOptions(command)
    .option("-m, --message <text>", "why, for the history")
    .option("--author <name>", "who, for the history; git's user unless given");
}

export async function authorOf({ author, message }: WriteOptions): Promise<Author> {
  const name = (author ?? (await authorHere(process.env))).trim();
  if (name === "") throw new Error("--author is empty; give the name of who changes the policy.");
  if (message !== undefined && message.length > MESSAGE_MAX_LENGTH) {
    throw new Error(`The message has ${message.length} characters; at most ${MESSAGE_MAX_LENGTH} are kept.`);
  }
  return { author: name.slice(0, MESSAGE_MAX_LENGTH), message: message ?? null };
}

export async function storeAndPrint(
  kv: PolicyKv,
  seen: PolicyState,
  document: JsonObject,
  options: WriteOptions,
  fallbackMessage: string | null = null,
): Promise<void> {
  const by = await authorOf(options);
  const now = new Date();
  const history = await store(kv, seen, document, { ...by, message: by.message ?? fallbackMessage }, now);
  for (const { entry, changes } of historyRows(history).slice(0, 1)) console.log(`version ${entry.name}: ${changes}`);
  console.log(whenInForce(new Date(), options.remote === true));
}

/** When each request is decided by it. */
export function whenInForce(now: Date, isRemote: boolean): string {
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1000).toLocaleTimeString("sv-SE");
  const here = `in force here within ${IN_FORCE_HERE_SECONDS} s, by ${at(IN_FORCE_HERE_SECONDS)}`;
  if (!isRemote) return here;
  const everywhere = `everywhere within about ${IN_FORCE_EVERYWHERE_SECONDS} s, by ${at(IN_FORCE_EVERYWHERE_SECONDS)}`;
  return `${here}; ${everywhere}: KV takes up to ${KV_PROPAGATION_SECONDS} s to other locations, and what was read is kept ${KV_CACHE_SECONDS} s by KV and ${FRESH_MS / 1000} s by an isolate`;
}

/** Who stores a version, as the history will have it. */

/** "Name <mail>" of git's configuration, or the user of this machine. */
export async function authorHere(env: NodeJS.ProcessEnv): Promise<string> {
  const [name, email] = await Promise.all([gitConfig("user.name"), gitConfig("user.email")]);
  if (name !== "" && email !== "") return `${name} <${email}>`;
  return name || email || env["USER"] || userInfo().username;
}

/** Empty where git has no such setting, or there is no git. */
async function gitConfig(key: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("git", ["config", "--get", key]);
    return stdout.trim();
  } catch {
    return "";
  }
}
