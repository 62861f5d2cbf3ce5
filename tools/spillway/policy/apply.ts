/** `spillway policy apply <file>`: saves a policy from a file as a new version, with the checks of `policy edit`. */
import type { Command } from "commander";
import type { JsonObject } from "../../../formats/json.ts";
import { versionOf } from "../../../policies/versions/document.ts";
import { PolicyConflict, type PolicyState } from "../../../policies/versions/repository.ts";
import { readUserText } from "../../process/read-text.ts";
import { confirmed, policyIn } from "./confirm.ts";
import { addSaveOptions, type SaveOptions, saveVersion } from "./save-version.ts";
import { withPolicyState } from "./with-policy-state.ts";

interface Options extends SaveOptions {
  yes?: true;
}

/** Adds `spillway policy apply`. */
export function registerApply(policy: Command): void {
  const apply = policy
    .command("apply")
    .description(
      "Save a policy from a file as a new version, unless another one was saved since the version that the file names.",
    )
    .argument("<file>", "a policy in JSON, such as one that spillway policy edit has kept")
    .option("-y, --yes", "save without confirmation");
  addSaveOptions(apply).action(async (file: string, options: Options) => {
    const edited = policyIn(await readUserText(file));
    if (edited === null) throw new Error(`${file} is not a policy that the gateway accepts. Nothing was saved.`);
    await withPolicyState(options, async (seen, kv) => {
      const check = () => mustBeBasedOn(seen, edited, file);
      const document = await confirmed(edited, seen.stored, { ...options, check });
      if (document !== null) await saveVersion({ kv, seen }, document, options);
    });
  });
}

/**
 * The `version` of a file is that of the document that it was made from: another one that was stored since would be undone.
 * @throws PolicyConflict; not for a file without a version, or with one that has never been stored
 */
export function mustBeBasedOn(
  { stored, history }: Pick<PolicyState, "stored" | "history">,
  { version }: JsonObject,
  file: string,
): void {
  const storedVersion = versionOf(stored);
  if (typeof version !== "number" || version === storedVersion || version > history.highestVersion) return;
  const { name = String(storedVersion), author = null } = history.entries.at(-1) ?? {};
  const by = author === null ? "outside the spillway command" : `by ${author}`;
  throw new PolicyConflict(
    `Conflict: ${file} was made from version ${version}, and version ${name} was saved since, ${by}. Nothing was saved. Look at what it changed with npx spillway policy diff ${version} ${name}, put that into the file, and set its "version" to ${storedVersion ?? name}; or remove "version" to replace the stored policy whole.`,
    { version: name, author },
  );
}
