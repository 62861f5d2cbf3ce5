/** The last step of every command that saves a version: its options, the save, and what is printed. */
import { join } from "node:path";
import type { Command } from "commander";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { checkNamedModel, newlyNamed } from "../../../policies/named-model.ts";
import {
  FRESH_MS,
  IN_FORCE_EVERYWHERE_SECONDS,
  IN_FORCE_HERE_SECONDS,
  KV_CACHE_SECONDS,
  KV_PROPAGATION_SECONDS,
} from "../../../policies/store.ts";
import { type HistoryRow, historyRows } from "../../../policies/versions/history-rows.ts";
import { type Author, type PolicyKv, type PolicyState, savePolicy } from "../../../policies/versions/repository.ts";
import { readWorkerSettings } from "../../local-worker/settings.ts";
import { localSettings } from "../../process/local-settings.ts";
import { readGatewayConfig } from "../../process/wrangler-config.ts";
import { authorName } from "../author.ts";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { remoteBucket, withLocalBucket } from "../model/publish/bucket.ts";
import { columnsOf, wrapped } from "../terminal/wrap.ts";

export interface SaveOptions extends WhereOptions {
  author?: string;
  message?: string;
  acceptLabels?: true;
}

const MAX_MESSAGE_LENGTH = 300;

/** Adds the options of `SaveOptions` to a command. */
export function addSaveOptions(command: Command): Command {
  return addWhereOptions(command)
    .option("--accept-labels", "save a model with other labels than the one in force")
    .option("-m, --message <text>", "reason for the change, for the history")
    .option("--author <name>", "author of the change, for the history (default: the user of git)");
}

/** Saves a document as a new version and prints what it changes and when it is in force. */
export async function saveVersion(
  { kv, seen }: { kv: PolicyKv; seen: PolicyState },
  document: JsonObject,
  options: SaveOptions,
  fallbackMessage: string | null = null,
): Promise<void> {
  const { author, message } = await authorOf(options);
  await checkModel(seen.inForce.text, document, options);
  const version = { document, author, message: message ?? fallbackMessage, now: new Date() };
  const history = await savePolicy(kv, seen, version);
  for (const row of historyRows(history).slice(0, 1)) {
    for (const line of savedLines(row, columnsOf(process.stdout))) console.log(line);
  }
  console.log(whenInForce(new Date(), options.remote === true));
}

/** What a saved version changed, a line for each change of residency. @param columns of the terminal; null for no wrapping */
export function savedLines({ entry, changes }: HistoryRow, columns: number | null): string[] {
  const [first = "", ...others] = changes;
  const lines = [`version ${entry.name}: ${first}`, ...others.map((line) => `  ${line}`)];
  return lines.flatMap((line) => wrapped(line, { columns, indent: 2 }));
}

/**
 * @param inForce the text of the policy that a document replaces; null for the defaults
 * @throws Error with one sentence for a package that was never published, or has other labels than the one in force
 */
export async function checkModel(
  inForce: string | null,
  after: JsonObject,
  options: Pick<SaveOptions, "remote" | "env" | "acceptLabels">,
): Promise<void> {
  const value = inForce === null ? undefined : parseJson(inForce);
  const before = isObject(value) ? value : null;
  const named = newlyNamed({ before, after });
  if (named.model === null && named.candidate === null) return;
  const acceptLabels = options.acceptLabels === true;
  if (options.remote) {
    const { bucket, model: deployed } = await readGatewayConfig(options.env);
    await checkNamedModel({ before, after, deployed, acceptLabels }, remoteBucket(bucket));
  } else {
    const { persistFolder, stateFolder } = localSettings(process.env);
    const deployed = await modelInForceHere(stateFolder);
    await withLocalBucket(persistFolder, (bucket) =>
      checkNamedModel({ before, after, deployed, acceptLabels }, bucket),
    );
  }
}

/** MODEL of the last `npm start` on this machine; null before the first. */
async function modelInForceHere(stateFolder: string): Promise<string | null> {
  const settings = await readWorkerSettings(join(stateFolder, "gateway.json"));
  return settings?.variables["MODEL"] ?? null;
}

async function authorOf({ author, message }: SaveOptions): Promise<Author> {
  if (message !== undefined && message.length > MAX_MESSAGE_LENGTH) {
    throw new Error(`--message has ${message.length} characters; at most ${MAX_MESSAGE_LENGTH} are allowed.`);
  }
  return { author: await authorName(author), message: message ?? null };
}

/** The time from which every request uses the new version. */
function whenInForce(now: Date, isRemote: boolean): string {
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1000).toLocaleTimeString("sv-SE");
  const here = `in force in this location within ${IN_FORCE_HERE_SECONDS} s, by ${at(IN_FORCE_HERE_SECONDS)}`;
  if (!isRemote) return here;
  const everywhere = `everywhere within about ${IN_FORCE_EVERYWHERE_SECONDS} s, by ${at(IN_FORCE_EVERYWHERE_SECONDS)}`;
  return `${here}; ${everywhere}: KV needs up to ${KV_PROPAGATION_SECONDS} s to reach other locations, its cache keeps a value for ${KV_CACHE_SECONDS} s, and an isolate for ${FRESH_MS / 1000} s`;
}
