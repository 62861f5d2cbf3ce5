/** `spillway policy diff 6 7`: what changed between two versions, place by place. */
import type { Command } from "commander";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { paintFor } from "../terminal/colors.ts";
import { changeLines, comparable, differences } from "./changes.ts";
import { type Entry, entryNamed, type History } from "./history.ts";
import type { JsonObject } from "../../../formats/json.ts";
import { withPolicyState } from "./open-policy.ts";

export function registerDiff(policy: Command): void {
  const diff = policy
    .command("diff")
    .description("Show what changed between two versions.")
    .argument("<a>", "a version of the history")
    .argument("[b]", "another one; the stored one unless given");
  addWhereOptions(diff).action((a: string, b: string | undefined, options: WhereOptions) =>
    withPolicyState(options, async ({ history }) => {
      const [from, to] = [entryNamed(history, a), b === undefined ? newest(history) : entryNamed(history, b)];
      const changes = differences(documentIn(from), documentIn(to));
      if (changes.length === 0) console.log(`Versions ${from.name} and ${to.name} say the same.`);
      const lines = changeLines(changes, paintFor(process.stdout, process.env));
      for (const line of lines) console.log(line);
    }),
  );
}

function newest(history: History): Entry {
  return entryNamed(history, history.entries.at(-1)?.name ?? "");
}

/** @throws Error with one sentence when there is nothing to compare */
function documentIn(entry: Entry): JsonObject {
  const document = comparable(entry);
  if (document !== null) return document;
  throw new Error(
    `Version ${entry.name} is no JSON object; see it as it is with spillway policy get --at ${entry.name}.`,
  );
}
