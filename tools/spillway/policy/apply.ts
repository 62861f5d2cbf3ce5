/** `spillway policy apply <file>`: saves a policy from a file as a new version, with the checks of `policy edit`. */
import type { Command } from "commander";
import type { JsonObject } from "../../../formats/json.ts";
import { versionOf } from "../../../policies/versions/document.ts";
import { PolicyConflict, type PolicyState } from "../../../policies/versions/repository.ts";
import { readUserText } from "../../process/read-text.ts";
import { confirmed, policyIn } from "./confirm.ts";
import { reportEditBase } from "./edit-base.ts";
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
      await reportEditBase(seen, options, "the file is compared with");
      const document = await confirmed(edited, seen.inForce, { ...options, check });
      if (document !== null) await saveVersion({ kv, seen }, document, options);
    });
  });
}

/**
 * The `version` of a file is that of the document that it was made from: another one that was put in force since would be undone. A file that
 * was made from a rejected version is compared with the one in force, whose changes are shown.
 * @throws PolicyConflict; not for a file without a version, or with one that has never been stored
 */
export function mustBeBasedOn(
  { stored, inForce, history }: Pick<PolicyState, "stored" | "inForce" | "history">,
  { version }: JsonObject,
  file: string,
): void {
  if (typeof version !== "number" || version > history.highestVersion) return;
  if (inForce.rejected !== null && version === versionOf(stored)) return;
  const { name: inForceName, author } = inForce;
  const name = inForceName ?? String(inForce.version);
  // Of two entries with one number, such as 7 and 7b, the file may have been made from either.
  const isAmbiguous = name !== String(version) && name.replace(/[a-z]+$/, "") === String(version);
  if (version === inForce.version && !isAmbiguous) return;
  const by = author === null ? "outside the spillway command" : `by ${author}`;
  const was = isAmbiguous ? "may have been made" : "was made";
  const next = isAmbiguous ? "remove" : `set its "version" to ${inForce.version}; or remove`;
  throw new PolicyConflict(
    `Conflict: ${file} ${was} from version ${version}, and version ${name} was saved since, ${by}. Nothing was saved. Look at what it changed with npx spillway policy diff ${version} ${name}, put that into the file, and ${next} "version" to replace the policy in force whole.`,
    { version: name, author },
  );
}
