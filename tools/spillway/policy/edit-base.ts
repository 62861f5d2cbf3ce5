/**
 * What every edit starts from: the version in force. A stored version that gateways reject is none: it may lack a rule that is in force. None
 * of its values is used; its text stays in the history. docs/decisions/015-policy-history.md
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rejectedSentence, type VersionInForce } from "../../../policies/versions/in-force.ts";
import type { PolicyState } from "../../../policies/versions/repository.ts";
import { type WhereOptions, whereWords } from "../kv/where.ts";

/** Reports that the stored version is rejected, and what follows. Prints nothing where it is in force. @param then as in "it is compared with" */
export function reportRejected(inForce: VersionInForce, then: string): void {
  const sentence = rejectedSentence(inForce, then);
  if (sentence !== null) console.error(`  ! ${sentence}`);
}

/**
 * Reports from which version an edit starts, and where the rejected one is. A text that is too large for the history is kept in a file.
 * @throws Error when that file cannot be written; nothing is lost then
 */
export async function reportEditBase(
  { inForce, stored }: Pick<PolicyState, "inForce" | "stored">,
  where: WhereOptions,
  then = "this edit starts from",
): Promise<void> {
  const { rejected } = inForce;
  if (rejected === null) return;
  reportRejected(inForce, then);
  const { name, isKept } = rejected;
  if (isKept) {
    const words = whereWords(where);
    console.error(
      `  ! version ${name} stays in the history: npx spillway policy get --at ${name}${words} prints it, and npx spillway policy apply <file>${words} saves a corrected copy`,
    );
    return;
  }
  const file = join(await mkdtemp(join(tmpdir(), "spillway-policy-")), `version-${name}.json`);
  await writeFile(file, stored ?? "", { mode: 0o600 });
  console.error(`  ! version ${name} is too large for the history; a copy is in ${file}`);
}
