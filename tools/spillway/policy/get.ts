/** `spillway policy get`: the stored policy, or one value of it, as JSON. */
import type { Command } from "commander";
import { describeUnknownKey } from "../../../policies/messages/describe-issues.ts";
import { schemasAt } from "../../../policies/messages/schema-paths.ts";
import { shownPlace } from "../../../policies/messages/shown.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { policySchema } from "../../../policies/schema.ts";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { documentOf } from "./document.ts";
import { entryNamed } from "./history.ts";
import { type Json, parseJson } from "../../../formats/json.ts";
import { withPolicyState } from "./open-policy.ts";
import { parsePath, valueAt } from "./path.ts";

interface Options extends WhereOptions {
  defaults?: true;
  at?: string;
}

export function registerGet(policy: Command): void {
  const get = policy
    .command("get")
    .description("Print the stored policy, or one value of it, as JSON.")
    .argument("[path]", "a place such as edge.share; where it is not set, its default is printed")
    .option("--defaults", "with every key that is not set filled in")
    .option("--at <version>", "as it was in a version of the history");
  addWhereOptions(get).action((place: string | undefined, options: Options) =>
    withPolicyState(options, async ({ stored, history }) => {
      const text = options.at === undefined ? stored : entryNamed(history, options.at).text;
      if (place === undefined) console.log(whole(text, options.defaults === true));
      else console.log(JSON.stringify(one(text, parsePath(place)), null, 2));
    }),
  );
}

function whole(text: string | null, withDefaults: boolean): string {
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) {
    console.error(`  ! it does not parse, so the gateway keeps its last good one: ${parsed.problem}`);
    return text ?? "";
  }
  if (withDefaults) return JSON.stringify(parsed.policy, null, 2);
  if (text === null) console.error("  nothing is stored, and the defaults serve: spillway policy get --defaults");
  return JSON.stringify(parseJson(text ?? "{}"), null, 2);
}

/** @throws Error with one sentence when there is no such place, or nothing is there. */
function one(text: string | null, path: string[]): Json {
  const value = valueAt(documentOf(text), path);
  if (value !== undefined) return value;
  mustBeKnown(path);
  const parsed = parsePolicy(text ?? "{}");
  // As JSON: what a policy holds came from it.
  const filled: Json = parsed.ok ? JSON.parse(JSON.stringify(parsed.policy)) : null;
  const fallback = valueAt(filled, path);
  if (fallback === undefined) throw new Error(`${shownPlace(path)} is not set and has no default.`);
  console.error("  not set; this is the default");
  return fallback;
}

function mustBeKnown(path: string[]): void {
  for (const [depth, key] of path.entries()) {
    const parent = path.slice(0, depth);
    if (schemasAt(policySchema, [...parent, key]).length > 0) continue;
    throw new Error(describeUnknownKey(policySchema, parent, key));
  }
}
