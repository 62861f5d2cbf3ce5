/** `spillway policy rollback 6`: what version 6 said, as a new version. */
import type { Command } from "commander";
import { parsePolicy } from "../../../policies/parse.ts";
import { differences } from "../../policy/differences.ts";
import { documentOf, withoutBookkeeping } from "../../policy/document.ts";
import { type Entry, entryNamed, isDeletion } from "../../policy/history.ts";
import { isObject, type JsonObject, readJson } from "../../policy/json.ts";
import { withSeen } from "./where.ts";
import { storeAndSay, takesWrite, type WriteOptions } from "./write.ts";

export function registerRollback(policy: Command): void {
  const rollback = policy
    .command("rollback")
    .description("Store what an earlier version said, as a new version.")
    .argument("<version>", "a version of the history");
  takesWrite(rollback).action((name: string, options: WriteOptions) =>
    withSeen(options, async (seen, kv) => {
      const document = documentIn(entryNamed(seen.history, name));
      if (saysTheSame(seen.stored, document))
        console.log(`The stored policy says what version ${name} said; nothing was stored.`);
      else await storeAndSay(kv, seen, document, options, `rollback to ${name}`);
    }),
  );
}

/** @throws Error with one sentence when the gateway would not take it */
function documentIn(entry: Entry): JsonObject {
  if (isDeletion(entry)) return {};
  if (entry.text === null) throw new Error(`Version ${entry.name} was too large to be kept; choose another one.`);
  const parsed = parsePolicy(entry.text);
  if (!parsed.ok) throw new Error(`Version ${entry.name} does not parse (${parsed.problem}); choose another one.`);
  return documentOf(entry.text);
}

function saysTheSame(stored: string | null, document: JsonObject): boolean {
  const now = stored === null ? {} : readJson(stored);
  return isObject(now) && differences(withoutBookkeeping(now), withoutBookkeeping(document)).length === 0;
}
