/** The report's tables as texts in cells; terminal, Markdown and HTML draw them. Pure. */
import type { Arm } from "../../formats/ledger/series.ts";
import { costTables } from "./cost-tables.ts";
import { failureCell, figureRows, ratioCell, readingOf } from "./figure-rows.ts";
import { isEmpty } from "./findings.ts";
import { count, percent, usd } from "./numbers.ts";
import type { Report } from "./report.ts";
import { type Table, tableOf } from "./table.ts";
import { MAX_DISAGREEMENT } from "./thresholds.ts";
import { countryTable, countTable, edgeTable, sideTable } from "./traffic-tables.ts";
import { versionTable } from "./version-table.ts";

const ARMS: readonly Arm[] = ["inside", "outside", "ineligible"];

/** The tables that have something to show, in the order of the report. */
export function tablesOf(report: Report): Table[] {
  if (isEmpty(report)) return [];
  const { compare, reasons, failuresByReason, refusalsByReason } = report;
  const tables = [
    ...(report.texts === 0 ? [] : [armTable(report)]),
    comparisonTable(report),
    ...(compare === null ? [] : [versionTable(compare)]),
    splitTable(report),
    ...(report.agreement.compared === 0 ? [] : [agreementTable(report)]),
    countTable("reasons", "Answered texts by reason", reasons),
    countTable("failures", "Failed texts by reason", failuresByReason),
    countTable("refusals", "Requests with an answer other than 200", refusalsByReason),
    sideTable(report),
    ...costTables(report),
    edgeTable(report),
    countryTable(report),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

function armTable({ arms }: Report): Table {
  const rows = figureRows(ARMS.map((arm) => arms[arm])).map(({ name, cells }) => [name, ...cells]);
  const costs = ARMS.map((arm) => arms[arm].directUsdPerMillionTexts);
  return tableOf({
    id: "arms",
    title: "The experiment",
    head: ["", ...ARMS],
    rows: [...rows, ["$/M texts", ...costs.map((cost) => (cost === null ? "–" : usd(cost)))]],
    notes: [
      "An arm is fixed before cold, busy and slow are asked. P50 to P99: from admission to the answer, of answered and failed texts. Intervals: 95 % confidence.",
      "$/M texts: what the sides cost directly, at list prices; loads of the model are the inside arm's.",
    ],
  });
}

function comparisonTable({ comparison, sameCode }: Report): Table {
  const compared = [
    { name: "inside/outside", ...comparison },
    { name: "A/A", ...sameCode.comparison },
  ].filter(({ p95Ratio, failureDifference }) => p95Ratio !== null || failureDifference !== null);
  return tableOf({
    id: "comparison",
    title: "Arms compared",
    head: ["", "P95, times", "failed, points", "difference"],
    rows: compared.map(({ name, ...one }) => [name, ratioCell(one), failureCell(one), readingOf(one)]),
    notes: ["A/A: two halves of the outside arm, which are served alike. What this row shows is chance."],
  });
}

function splitTable({ split: { versions, sampleRatioP } }: Report): Table {
  return tableOf({
    id: "split",
    title: "Share of eligible texts",
    head: ["policy", "asked", "inside", "eligible", "split by"],
    rows: versions.map(({ policy, inside, outside, askedPercent, stickyBy }) => [
      policy || "unknown",
      askedPercent === null ? "unknown" : percent(askedPercent / 100),
      percent(inside / (inside + outside)),
      count(inside + outside),
      stickyBy ?? "unknown",
    ]),
    notes:
      sampleRatioP === null
        ? []
        : [`A split at least this far from the asked one has a probability of ${percent(sampleRatioP)} by chance.`],
  });
}

function agreementTable({ agreement: { compared, disagreed, disagreementRate, atMost } }: Report): Table {
  const wanted = `≤ ${percent(MAX_DISAGREEMENT)}`;
  return tableOf({
    id: "agreement",
    title: "Labels of both sides",
    head: ["compared", "other label", "part", "at most (95 %)", "wanted"],
    rows: [[count(compared), count(disagreed), percent(disagreementRate), percent(atMost), wanted]],
    notes: [
      "From shadow texts, whose times are in no figure. Accuracy can differ only where labels differ, so no more accuracy than this is lost.",
    ],
  });
}
