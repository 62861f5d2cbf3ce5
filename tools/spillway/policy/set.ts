/** `spillway policy set edge.share 25`: one value of the policy, as a new version. */
import type { Command } from "commander";
import { parsePolicy } from "../../../policies/parse.ts";
import { documentOf, storedText } from "./document.ts";
import { isObject, type Json, type JsonObject, parseJson } from "../../../formats/json.ts";
import { withPolicyState } from "./open-policy.ts";
import { parsePath, valueAt, withoutValueAt, withValueAt } from "./path.ts";
import { InvalidPolicy } from "./repository.ts";
import { addWriteOptions, storeAndPrint, type WriteOptions } from "./write.ts";

export function registerSet(policy: Command): void {
  const set = policy
    .command("set")
    .description("Set one value of the policy, as a new version.")
    .argument("<path>", "a place such as edge.share or residency.rules[0]")
    .argument("<value>", "as JSON, or as it is where text is expected");
  addWriteOptions(set).action((place: string, value: string, options: WriteOptions) =>
    withPolicyState(options, async (seen, kv) => {
      const path = editablePath(place);
      const document = documentOf(seen.stored);
      const changed = withValue(document, path, value);
      if (JSON.stringify(valueAt(document, path)) === JSON.stringify(valueAt(changed, path))) {
        console.log(`${place} is ${value} already; nothing was stored.`);
      } else await storeAndPrint(kv, seen, changed, options);
    }),
  );
}

/** @throws Error with one sentence for what spillway keeps itself. */
export function editablePath(place: string): string[] {
  const path = parsePath(place);
  if (path[0] === "version") throw new Error("The version is counted by spillway itself: each edit has one more.");
  return path;
}

/**
 * `1.3` is a number in JSON, and text for a key that takes text: the reading that makes a policy is meant.
 * @throws InvalidPolicy when no reading does, or an Error with one sentence when the place cannot be
 */
export function withValue(document: JsonObject, path: readonly string[], value: string): JsonObject {
  const asJson = parseJson(value);
  const readings: Json[] = asJson === undefined ? [value] : [asJson, value];
  const problems: (readonly string[])[] = [];
  for (const reading of readings) {
    const changed = withValueAt(document, path, reading);
    if (!isObject(changed)) continue;
    const parsed = parsePolicy(storedText(changed, 0));
    if (parsed.ok) return changed;
    problems.push(parsed.problems);
  }
  throw new InvalidPolicy(problems[0] ?? []);
}

/** `spillway policy unset edge.share`: back to a default, as a new version. */

export function registerUnset(policy: Command): void {
  const unset = policy
    .command("unset")
    .description("Remove one value of the policy, so that its default serves, as a new version.")
    .argument("<path>", "a place such as edge.share");
  addWriteOptions(unset).action((place: string, options: WriteOptions) =>
    withPolicyState(options, async (seen, kv) => {
      const path = editablePath(place);
      const document = documentOf(seen.stored);
      const changed = withoutValueAt(document, path);
      if (valueAt(document, path) === undefined) console.log(`${place} is not set; nothing was stored.`);
      else if (isObject(changed)) await storeAndPrint(kv, seen, changed, options);
    }),
  );
}
