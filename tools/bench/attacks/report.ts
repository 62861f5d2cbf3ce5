/** What the bench `attacks` prints. Pure. */

import type { Table } from "../../table.ts";
import type { Report } from "../bench.ts";
import { MAX_HEAP_MIB } from "./attack.ts";
import type { Costs } from "./measure.ts";

const NOTES = [
  "Gateway in workerd with API keys, an origin that is the attacker's where it matters, and an OTLP receiver, on one machine; times are the caller's clock.",
  "heapGrowthMiB: the largest V8 heap with its buffers while the attack runs once, less that before; the median of several runs. heapGrowthMaxMiB: the largest run. What is left to be collected counts. Garbage is collected before each run; one that V8 collects during a run makes it smaller.",
  "threadHoldMs: the longest time that the isolate's inspector waited for the thread while the attack is repeated, less its median before. othersP95Ms: another key's text meanwhile, at the edge or at the origin.",
  `Promises: at most ${MAX_HEAP_MIB} MiB in each run for one refused body and for each answer of a hostile origin, and in the median run for several bodies at once, as V8 chooses whether it collects between them; no other caller is refused; no breaker opens.`,
];

export type Row = { attack: string } & Costs;

/** @param problems promises that an attack broke, one sentence each without its period */
export function attacksReport(rows: readonly Row[], problems: readonly string[]): Report {
  const header = ["attack", "heap MiB", "max MiB", "hold ms", "others p95", "idle p95", "refused"];
  const cells = rows.map((row) => Object.values(row));
  return {
    result: { maxHeapMiB: MAX_HEAP_MIB, problems, rows },
    tables: [{ title: "One attack, and another caller meanwhile", header, rows: cells }],
    headline: worstOf(rows, header),
    notes: NOTES,
    problem: problems.length === 0 ? null : `${problems.join("; ")}.`,
  };
}

/** The largest value of each kind of attack. */
function worstOf(rows: readonly Row[], header: readonly string[]): Table {
  const kindOf = ({ attack }: Row) => (/^(body|origin): /.test(attack) ? `${attack.split(":")[0]}: the worst` : attack);
  const worst = Object.entries(Object.groupBy(rows, kindOf)).map(([kind, group = []]) => {
    const largest = (of: (row: Row) => number) => Math.max(...group.map(of));
    return [
      kind,
      largest((row) => row.heapGrowthMiB),
      largest((row) => row.heapGrowthMaxMiB),
      largest((row) => row.threadHoldMs),
      largest((row) => row.othersP95Ms),
      largest((row) => row.othersAloneP95Ms),
      largest((row) => row.othersRefused),
    ];
  });
  return { title: "The worst of each kind of attack, and another caller meanwhile", header, rows: worst };
}
