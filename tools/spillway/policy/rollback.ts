/** `spillway policy rollback 6`: what version 6 said, as a new version. */
import type { Command } from "commander";
import { parsePolicy } from "../../../policies/parse.ts";
import { differences } from "./changes.ts";
import { documentOf, withoutBookkeeping } from "./document.ts";
import { type Entry, entryNamed, isDeletion } from "./history.ts";
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { withPolicyState } from "./open-policy.ts";
import type { PolicyState } from "./repository.ts";
import { addWriteOptions, storeAndPrint, type WriteOptions } from "./write.ts";

export function registerRollback(policy: Command): void {
  const rollback = policy
    .command("rollback")
    .description("Store what an earlier version said, as a new version.")
    .argument("<version>", "a version of the history");
  addWriteOptions(rollback).action((name: string, options: WriteOptions) =>
    withPolicyState(options, async (seen, kv) => {
      const back = rollbackTo(seen, name);
      if (typeof back === "string") console.log(back);
      else await storeAndPrint(kv, seen, back, options, `rollback to ${name}`);
    }),
  );
}

/** No version says what served before the oldest one; what a value was then is most likely its default. */
const OR_UNSET = ", or give a value its default back with spillway policy unset <path>";

/**
 * The document to store, or a sentence where that would change nothing.
 * @throws Error with one sentence when there is no such version, or the gateway would not take it
 */
export function rollbackTo(
  { stored, history }: Pick<PolicyState, "stored" | "history">,
  name: string,
): JsonObject | string {
  const entry = entryNamed(history, name, OR_UNSET);
  const document = documentIn(entry);
  if (!saysTheSame(stored, document)) return document;
  if (entry === history.entries.at(-1)) {
    return `Version ${name} is the one that is stored now; nothing was changed. See spillway policy history for earlier ones${OR_UNSET}.`;
  }
  return `The stored policy already says what version ${name} said; nothing was changed.`;
}

function documentIn(entry: Entry): JsonObject {
  if (isDeletion(entry)) return {};
  const another = "choose another one from spillway policy history";
  if (entry.text === null) throw new Error(`Version ${entry.name} was too large to be kept; ${another}.`);
  const parsed = parsePolicy(entry.text);
  if (!parsed.ok) throw new Error(`Version ${entry.name} does not parse (${parsed.problem}); ${another}.`);
  return documentOf(entry.text);
}

function saysTheSame(stored: string | null, document: JsonObject): boolean {
  const now = stored === null ? {} : parseJson(stored);
  return isObject(now) && differences(withoutBookkeeping(now), withoutBookkeeping(document)).length === 0;
}
