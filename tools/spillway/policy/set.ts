/** `spillway policy set` and `spillway policy unset`: change one value of the policy and save it as a new version. */
import type { Command } from "commander";
import { isObject, type Json, type JsonObject, parseJson } from "../../../formats/json.ts";
import { describeDuplicateKeys } from "../../../policies/messages/duplicate-keys.ts";
import { schemasAt, unwrap } from "../../../policies/messages/schema-paths.ts";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";
import { policySchema } from "../../../policies/schema.ts";
import { documentOf, storedText } from "../../../policies/versions/document.ts";
import { parsePath, valueAt, withoutValueAt, withValueAt } from "../../../policies/versions/path.ts";
import { InvalidPolicy, type PolicyState } from "../../../policies/versions/repository.ts";
import { reportEditBase } from "./edit-base.ts";
import { mustBeKnown } from "./get.ts";
import { addSaveOptions, type SaveOptions, saveVersion } from "./save-version.ts";
import { withPolicyState } from "./with-policy-state.ts";

/** Adds `spillway policy set`. */
export function registerSet(policy: Command): void {
  const set = policy
    .command("set")
    .description("Set one value of the policy in force and save it as a new version.")
    .argument("<path>", "a path such as edge.share or residency.rules[0]")
    .argument("<value>", "JSON; text needs no quotes");
  addSaveOptions(set).action((path: string, value: string, options: SaveOptions) =>
    withPolicyState(options, async (seen, kv) => {
      const { keys, document } = startOfEdit(seen, path);
      await reportEditBase(seen, options);
      const changed = withValue(document, keys, value);
      const isSame = JSON.stringify(valueAt(document, keys)) === JSON.stringify(valueAt(changed, keys));
      // Without a change too, what is in force replaces a stored version that is rejected.
      if (isSame && seen.inForce.rejected === null) console.log(`${path} is already ${value}. Nothing was saved.`);
      else await saveVersion({ kv, seen }, changed, options);
    }),
  );
}

/** Adds `spillway policy unset`. */
export function registerUnset(policy: Command): void {
  const unset = policy
    .command("unset")
    .description("Remove one value of the policy in force, so that its default is used, and save it as a new version.")
    .argument("<path>", "a path such as edge.share");
  addSaveOptions(unset).action((path: string, options: SaveOptions) =>
    withPolicyState(options, async (seen, kv) => {
      const { keys, document } = startOfEdit(seen, path);
      await reportEditBase(seen, options);
      if (isUnset(document, keys) && seen.inForce.rejected === null) {
        console.log(`${path} is not set. Nothing was saved.`);
      } else {
        const changed = withoutValueAt(document, keys);
        if (isObject(changed)) await saveVersion({ kv, seen }, changed, options);
      }
    }),
  );
}

/**
 * What `set` and `unset` start from: the document of the version in force.
 * @throws Error with one sentence as `editablePath`
 */
export function startOfEdit(
  { inForce }: Pick<PolicyState, "inForce">,
  path: string,
): { keys: string[]; document: JsonObject } {
  return { keys: editablePath(path), document: documentOf(inForce.text) };
}

/**
 * Whether there is nothing to remove.
 * @throws Error with one sentence for an unknown path: a mistyped key would look like one that has its default
 */
export function isUnset(document: JsonObject, path: readonly string[]): boolean {
  if (valueAt(document, path) !== undefined) return false;
  mustBeKnown(path);
  return true;
}

/** @throws Error with one sentence for a path that the command manages itself, and for text that is not a path */
export function editablePath(text: string): string[] {
  const path = parsePath(text);
  if (path[0] === "version") throw new Error("spillway sets the version: every edit increases it by one.");
  return path;
}

/**
 * Sets a value that was typed on the command line. `1.3` is a number in JSON and text for a key that expects text: the reading that
 * makes a valid policy is used.
 * @throws InvalidPolicy when no reading does, or an Error with one sentence when the path cannot exist
 */
export function withValue(document: JsonObject, path: readonly string[], value: string): JsonObject {
  const asJson = parseJson(value);
  const duplicates = asJson === undefined ? [] : describeDuplicateKeys(value);
  if (duplicates.length > 0) throw new InvalidPolicy(duplicates.map((problem) => `in the value, ${problem}`));
  const readings: Json[] = asJson === undefined ? [value] : [asJson, value];
  const base = withListsOn(path, document);
  const problems: (readonly string[])[] = [];
  for (const reading of readings) {
    const changed = withValueAt(base, path, reading);
    if (!isObject(changed)) continue;
    const parsed = parsePolicy(storedText(changed, 0));
    if (parsed.ok) return changed;
    problems.push(parsed.problems);
  }
  throw new InvalidPolicy(problems[0] ?? []);
}

/** The document with the lists that contain the path: a list that is not set gets its default, so that `residency.rules[0]` has a place. */
function withListsOn(path: readonly string[], document: JsonObject): Json {
  const defaults: Json = JSON.parse(JSON.stringify(defaultPolicy()));
  let filled: Json = document;
  for (let depth = 1; depth < path.length; depth++) {
    const container = path.slice(0, depth);
    if (valueAt(filled, container) !== undefined || !isList(container)) continue;
    const fallback = valueAt(defaults, container);
    filled = withValueAt(filled, container, Array.isArray(fallback) ? fallback : []);
  }
  return filled;
}

function isList(path: readonly string[]): boolean {
  return schemasAt(policySchema, path)
    .flatMap(unwrap)
    .some(({ _zod }) => _zod.def.type === "array");
}
