/** `spillway policy history`: the versions that were stored, newest first. */
import type { Command } from "commander";
import { type HistoryRow, historyRows } from "../../policy/history-row.ts";
import { takesWhere, type WhereOptions } from "../where.ts";
import { paintFor } from "./colours.ts";
import { historyTable } from "./history-table.ts";
import { withSeen } from "./where.ts";

interface Options extends WhereOptions {
  json?: true;
}

export function registerHistory(policy: Command): void {
  const history = policy
    .command("history")
    .description("List the last 50 versions: when, by whom, and what changed.")
    .option("--json", "as JSON, with each version's text");
  takesWhere(history).action(({ json, ...where }: Options) =>
    withSeen(where, async (seen) => {
      const rows = historyRows(seen.history);
      if (json) console.log(JSON.stringify(rows.map(asJson), null, 2));
      else if (rows.length === 0) console.log("No policy has been stored yet; the defaults serve.");
      else console.log(historyTable(rows, paintFor(process.stdout, process.env), process.stdout.columns ?? null));
    }),
  );
}

function asJson({ entry, mark, problem, changes, remark }: HistoryRow) {
  return { ...entry, outside: entry.author === null, inForce: mark === "in-force", problem, changes, remark };
}
