/** `spillway policy get`: prints the stored policy, or one value of it, as JSON. */
import type { Command } from "commander";
import { type Json, parseJson } from "../../../formats/json.ts";
import { describeUnknownKey } from "../../../policies/messages/describe-issues.ts";
import { schemasAt } from "../../../policies/messages/schema-paths.ts";
import { shownPlace } from "../../../policies/messages/shown.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import { policySchema } from "../../../policies/schema.ts";
import { documentOf } from "../../../policies/versions/document.ts";
import { type Entry, entryNamed, isDeletion } from "../../../policies/versions/history.ts";
import { parsePath, valueAt } from "../../../policies/versions/path.ts";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { reportRejected } from "./edit-base.ts";
import { withPolicyState } from "./with-policy-state.ts";

interface Options extends WhereOptions {
  defaults?: true;
  at?: string;
}

/** Adds `spillway policy get`. */
export function registerGet(policy: Command): void {
  const get = policy
    .command("get")
    .description("Print the stored policy, or one value of it, as JSON.")
    .argument("[path]", "a path such as edge.share; a value that is not set is printed with its default")
    .option("--defaults", "include the defaults of all keys that are not set")
    .option("--at <version>", "a version of the history instead of the stored policy");
  addWhereOptions(get).action((path: string | undefined, options: Options) =>
    withPolicyState(options, async ({ stored, inForce, history }) => {
      if (options.at === undefined) reportRejected(inForce, "gateways use");
      const text = options.at === undefined ? stored : textOf(entryNamed(history, options.at));
      if (path === undefined) console.log(wholePolicy(text, options.defaults === true));
      else console.log(JSON.stringify(oneValue(text, parsePath(path)), null, 2));
    }),
  );
}

/** Null for the defaults. Reports why a version does not parse. */
function textOf(entry: Entry): string | null {
  const { name, text } = entry;
  if (text === null && !isDeletion(entry)) throw new Error(`Version ${name} was too large for the history.`);
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) console.error(`  ! version ${name} does not parse: ${parsed.problem}`);
  return text;
}

function wholePolicy(text: string | null, withDefaults: boolean): string {
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) return text ?? "";
  if (withDefaults) return JSON.stringify(parsed.policy, null, 2);
  if (text === null) {
    console.error("  no policy is stored; the defaults are in force: spillway policy get --defaults");
  }
  return JSON.stringify(parseJson(text ?? "{}"), null, 2);
}

/** Throws an Error with one sentence when the schema has no such path, or the path has neither a value nor a default. */
function oneValue(text: string | null, path: string[]): Json {
  const value = valueAt(documentOf(text), path);
  if (value !== undefined) return value;
  mustBeKnown(path);
  const parsed = parsePolicy(text ?? "{}");
  const filled: Json = parsed.ok ? JSON.parse(JSON.stringify(parsed.policy)) : null;
  const fallback = valueAt(filled, path);
  if (fallback === undefined) throw new Error(`${shownPlace(path)} is not set and has no default.`);
  console.error("  not set; this is the default");
  return fallback;
}

/** @throws Error with one sentence, which has the nearest known key, when the schema has no such path */
export function mustBeKnown(path: readonly string[]): void {
  for (const [depth, key] of path.entries()) {
    const parent = path.slice(0, depth);
    if (schemasAt(policySchema, [...parent, key]).length > 0) continue;
    throw new Error(describeUnknownKey(policySchema, parent, key));
  }
}
