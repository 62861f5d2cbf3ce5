/** What the counted quantities cost, with every sum, and what a month of the same traffic would. Pure. */
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import { ALLOTMENTS, PRICES_AS_OF, usageCostUsd, WORKERS_PLAN } from "../../formats/ledger/prices.ts";
import { type Arm, recordedArms, type Series, type Usage } from "../../formats/ledger/series.ts";

/** In the order of the report. */
export const COST_GROUPS = ["origin", "edgeCpu", "loads", "shadow", "gateway", "storage", "ledger"] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

interface Kind {
  usage: Usage;
  /** Of shadow texts, which count for no arm. Only an origin's usage has both. */
  isShadow?: true;
  label: string;
  group: CostGroup;
  /** The unit of the report, and how much of the counted unit it is. */
  unit: string;
  perUnit: number;
}

const US_PER_MS = 1000;
const MIB_MS_PER_GB_S = 1024 * 1000;
const cpu = (usage: Usage, label: string, group: CostGroup): Kind => {
  return { usage, label, group, unit: "CPU-ms", perUnit: US_PER_MS };
};
const each = (usage: Usage, label: string, group: CostGroup, unit: string): Kind => {
  return { usage, label, group, unit, perUnit: 1 };
};

/** Every usage, in the order of the report. */
const KINDS: readonly Kind[] = [
  { usage: "origin-mib-ms", label: "Lambda memory", group: "origin", unit: "GB-s", perUnit: MIB_MS_PER_GB_S },
  each("origin-requests", "Lambda requests", "origin", "requests"),
  cpu("edge-cpu-us", "CPU of texts at the edge", "edgeCpu"),
  cpu("load-cpu-us", "CPU of model loads", "loads"),
  cpu("shadow-cpu-us", "CPU of shadow texts", "shadow"),
  {
    usage: "origin-mib-ms",
    isShadow: true,
    label: "Lambda memory, shadow",
    group: "shadow",
    unit: "GB-s",
    perUnit: MIB_MS_PER_GB_S,
  },
  { ...each("origin-requests", "Lambda requests, shadow", "shadow", "requests"), isShadow: true },
  each("worker-requests", "Workers requests", "gateway", "requests"),
  cpu("gateway-cpu-us", "CPU of the gateway", "gateway"),
  each("kv-reads", "KV reads", "storage", "reads"),
  each("r2-reads", "R2 reads", "storage", "reads"),
  each("r2-lists", "R2 lists", "storage", "lists"),
  each("ledger-requests", "ledger: object requests", "ledger", "requests"),
  each("ledger-rows", "ledger: rows written", "ledger", "rows"),
];

/** One sum: quantity · usdPerUnit = usd. */
export interface CostLine {
  usage: Usage;
  label: string;
  group: CostGroup;
  quantity: number;
  unit: string;
  usdPerUnit: number;
  usd: number;
}

/** A month's quantity beside its allotment, in the unit of the report. */
export interface MonthLine {
  name: string;
  unit: string;
  quantity: number;
  included: number;
  usdPerUnit: number;
  /** Of what exceeds the allotment. */
  usd: number;
}

export interface Month {
  /** At list prices, without allotments and plan. */
  listUsd: number;
  planUsd: number;
  lines: MonthLine[];
  /** The plan and what exceeds its allotments. */
  billUsd: number;
}

export interface Cost {
  pricesAsOf: string;
  /** At list prices, of what was counted. */
  totalUsd: number;
  groupsUsd: Record<CostGroup, number>;
  lines: CostLine[];
  perDayUsd: number | null;
  /** Projected; null where the counted time is 0. */
  month: Month | null;
}

const DAYS_PER_MONTH = 365.25 / 12;

/** Quantities in the counted units. */
type Quantities = ReadonlyMap<Kind, number>;

/**
 * @param days of counting that the cells hold
 * @param coverage records that are missing are assumed to have cost as much as those that arrived, in the figures per day and month
 */
export function costOf(cells: Iterable<SeriesCell>, days: number, coverage: number): Cost {
  const quantities = quantitiesOf(cells);
  const lines = linesOf(quantities);
  const totalUsd = sumUsd(lines);
  const perDay = days > 0 && coverage > 0 ? 1 / days / coverage : null;
  return {
    pricesAsOf: PRICES_AS_OF,
    totalUsd,
    groupsUsd: groupsOf(lines),
    lines,
    perDayUsd: perDay === null ? null : totalUsd * perDay,
    month: perDay === null ? null : monthOf(quantities, perDay * DAYS_PER_MONTH),
  };
}

/** What the sides cost for the texts of an arm: without shadow texts, and without what all requests share. */
export function directUsdOf(cells: Iterable<SeriesCell>, arm: Arm): number {
  const recorded: readonly string[] = recordedArms(arm);
  const quantities = quantitiesOf(cells, (series) => recorded.includes(series.arm));
  return sumUsd(linesOf(quantities));
}

/** US dollars by group, of cells such as one day's. */
export function groupsUsdOf(cells: Iterable<SeriesCell>): Record<CostGroup, number> {
  return groupsOf(linesOf(quantitiesOf(cells)));
}

function quantitiesOf(cells: Iterable<SeriesCell>, matches = (_: Series) => true): Quantities {
  const quantities = new Map<Kind, number>();
  for (const { series, cell } of cells) {
    if (series.kind !== "usage" || !matches(series)) continue;
    const isShadow = series.because.startsWith("origin-") && series.arm === "";
    const kind = KINDS.find((one) => one.usage === series.because && (one.isShadow ?? false) === isShadow);
    if (kind !== undefined) quantities.set(kind, (quantities.get(kind) ?? 0) + cell.sum);
  }
  return quantities;
}

function linesOf(quantities: Quantities): CostLine[] {
  return KINDS.flatMap((kind) => {
    const { usage, label, group, unit, perUnit } = kind;
    const counted = quantities.get(kind) ?? 0;
    const usdPerUnit = usageCostUsd(usage, perUnit);
    if (counted === 0) return [];
    return [{ usage, label, group, quantity: counted / perUnit, unit, usdPerUnit, usd: usageCostUsd(usage, counted) }];
  });
}

function monthOf(quantities: Quantities, factor: number): Month {
  const all = linesOf(quantities);
  const lines = ALLOTMENTS.flatMap(({ name, usages, quantity }): MonthLine[] => {
    const lines = all.filter(({ usage }) => usages.includes(usage));
    const [first] = lines;
    const kind = KINDS.find(({ usage }) => usage === first?.usage);
    if (first === undefined || kind === undefined) return [];
    const { unit, usdPerUnit } = first;
    const used = lines.reduce((sum, one) => sum + one.quantity, 0) * factor;
    const included = quantity / kind.perUnit;
    return [{ name, unit, quantity: used, included, usdPerUnit, usd: Math.max(0, used - included) * usdPerUnit }];
  });
  const planUsd = WORKERS_PLAN.usdPerMonth;
  return { listUsd: sumUsd(all) * factor, planUsd, lines, billUsd: planUsd + sumUsd(lines) };
}

function groupsOf(lines: readonly CostLine[]): Record<CostGroup, number> {
  const groups: Record<CostGroup, number> = {
    origin: 0,
    edgeCpu: 0,
    loads: 0,
    shadow: 0,
    gateway: 0,
    storage: 0,
    ledger: 0,
  };
  for (const { group, usd } of lines) groups[group] += usd;
  return groups;
}

function sumUsd(lines: readonly { usd: number }[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}
