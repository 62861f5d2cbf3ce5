/** What a ledger's answer shows: the experiment's table and everything beside it, as one JSON value. Pure. */
import { decodeBase64 } from "../../formats/encodings.ts";
import type { LedgerAnswer } from "../../formats/ledger/answer.ts";
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import { decodeCells } from "../../formats/ledger/codec.ts";
import { type Arm, recordedArms } from "../../formats/ledger/series.ts";
import { LedgerFormatError } from "../../formats/ledger/varints.ts";
import { type Agreement, agreementOf } from "./agreement.ts";
import { type Comparison, compareTexts } from "./comparison.ts";
import { type Cost, type CostGroup, costOf, directUsdOf, groupsUsdOf } from "./cost.ts";
import { type Curve, curveOf } from "./curve.ts";
import { type PolicyFacts, type Split, splitOf } from "./split.ts";
import { type CountedTexts, countTexts, type TextFigures } from "./text-figures.ts";
import {
  type Country,
  countriesOf,
  type Durations,
  durationsOf,
  failuresOf,
  type Loads,
  loadsOf,
  reasonsOf,
  requestsOf,
  type Side,
  sidesOf,
  totalOf,
} from "./traffic.ts";
import { compareVersions, type Version, type VersionComparison, versionsOf } from "./versions.ts";

export interface ReportInput {
  answer: LedgerAnswer;
  nowMs: number;
  /** The known versions of the policy; versions without facts are reported without an asked share. */
  policies?: readonly PolicyFacts[];
  /** Two versions of the policy, or two models. */
  compare?: readonly [string, string] | null;
}

export interface ArmFigures extends TextFigures {
  /** What the arm's sides cost directly, at list prices; loads are the inside arm's. Null per million texts without texts. */
  directUsd: number;
  directUsdPerMillionTexts: number | null;
}

export interface Day {
  /** 2026-11-12, UTC. */
  day: string;
  texts: number;
  groupsUsd: Record<CostGroup, number>;
}

export interface Report {
  /** The range of the counts, UTC. */
  from: string;
  to: string;
  /** When the first count of all was made; null for an empty ledger. */
  firstCount: string | null;
  /** The part of the range in which anything could be counted. */
  countedDays: number;
  /** Received records (texts and requests) of all, 0 to 1; null without any. */
  coverage: number | null;
  records: { received: number; missing: number };
  texts: number;
  requests: number;
  arms: Record<Arm, ArmFigures>;
  /** The inside arm against the outside arm. */
  comparison: Comparison;
  /** The halves of the outside arm, which are served alike: what the comparison shows of them is chance. */
  sameCode: { first: TextFigures; second: TextFigures; comparison: Comparison };
  split: Split;
  /** Answered texts by the reason of their route. */
  reasons: Record<string, number>;
  failuresByReason: Record<string, number>;
  sides: Side[];
  /** Requests with an answer other than 200. */
  refusals: number;
  refusalsByReason: Record<string, number>;
  agreement: Agreement;
  /** At list prices: of the counted quantities, and projected. */
  costUsd: { total: number; perDay: number | null; perMonth: number | null; monthlyBill: number | null } & Record<
    CostGroup,
    number
  >;
  cost: Cost;
  loads: Loads & { cpuMs: number; costUsd: number };
  waits: Durations;
  countries: Country[];
  policies: Version[];
  models: Version[];
  days: Day[];
  /** Isolates that sent counts within the last minutes. */
  isolates: number;
  compare: VersionComparison | null;
  /** ECDFs of the arms that have texts. */
  curves: Curve[];
}

const MS_PER_DAY = 86_400_000;

/**
 * @throws LedgerFormatError for an answer whose cells cannot be read
 * @throws UnknownVersion for versions in `compare` without texts
 */
export function reportOf({ answer, nowMs, policies = [], compare = null }: ReportInput): Report {
  const cells = [...cellsIn(answer.cells)];
  const arms = {
    inside: countArm(cells, "inside"),
    outside: countArm(cells, "outside"),
    ineligible: countArm(cells, "ineligible"),
  };
  const halves = [countRecorded(cells, ["outside-a"]), countRecorded(cells, ["outside-b"])] as const;
  const { total, refused, refusedBy } = requestsOf(cells);
  const records = recordsOf(cells);
  const coverage =
    records.received + records.missing === 0 ? null : records.received / (records.received + records.missing);
  const countedDays = countedDaysOf(answer, nowMs);
  const cost = costOf(cells, countedDays, coverage ?? 1);
  const { totalUsd, groupsUsd, perDayUsd, month } = cost;
  return {
    from: new Date(answer.fromMs).toISOString(),
    to: new Date(Math.min(answer.toMs, nowMs)).toISOString(),
    firstCount: answer.firstMs === null ? null : new Date(answer.firstMs).toISOString(),
    countedDays,
    coverage,
    records,
    texts: totalOf(cells, ({ kind }) => kind === "text"),
    requests: total,
    arms: {
      inside: armFigures(arms.inside, directUsdOf(cells, "inside") + loadsUsd(cells)),
      outside: armFigures(arms.outside, directUsdOf(cells, "outside")),
      ineligible: armFigures(arms.ineligible, directUsdOf(cells, "ineligible")),
    },
    comparison: compareTexts(arms.inside, arms.outside),
    sameCode: { first: halves[0].figures, second: halves[1].figures, comparison: compareTexts(...halves) },
    split: splitOf(cells, policies),
    reasons: reasonsOf(cells),
    failuresByReason: failuresOf(cells),
    sides: sidesOf(cells),
    refusals: refused,
    refusalsByReason: refusedBy,
    agreement: agreementOf(cells, () => true),
    costUsd: {
      total: totalUsd,
      ...groupsUsd,
      perDay: perDayUsd,
      perMonth: month?.listUsd ?? null,
      monthlyBill: month?.billUsd ?? null,
    },
    cost,
    loads: { ...loadsOf(cells), ...loadCost(cost) },
    waits: durationsOf(cells, "wait"),
    countries: countriesOf(cells),
    policies: versionsOf(cells, "policy"),
    models: versionsOf(cells, "model"),
    days: answer.days.map(dayOf),
    isolates: answer.isolates.length,
    compare: compare === null ? null : compareVersions(cells, compare),
    curves: (["inside", "outside", "ineligible"] as const).flatMap((arm) => curveOf(arm, arms[arm].times) ?? []),
  };
}

function cellsIn(base64: string): Iterable<SeriesCell> {
  const bytes = decodeBase64(base64);
  if (bytes === null) throw new LedgerFormatError("its cells are not base64");
  return bytes.byteLength === 0 ? [] : decodeCells(bytes);
}

function countArm(cells: readonly SeriesCell[], arm: Arm): CountedTexts {
  return countRecorded(cells, recordedArms(arm));
}

function countRecorded(cells: readonly SeriesCell[], recorded: readonly string[]): CountedTexts {
  return countTexts(cells, ({ arm }) => recorded.includes(arm));
}

function armFigures({ figures }: CountedTexts, directUsd: number): ArmFigures {
  const directUsdPerMillionTexts = figures.texts === 0 ? null : (directUsd / figures.texts) * 1e6;
  return { ...figures, directUsd, directUsdPerMillionTexts };
}

/** A load has no arm: its model serves the inside arm only. */
function loadsUsd(cells: readonly SeriesCell[]): number {
  return groupsUsdOf(cells.filter(({ series }) => series.arm === "")).loads;
}

function loadCost({ lines }: Cost): { cpuMs: number; costUsd: number } {
  const line = lines.find(({ usage }) => usage === "load-cpu-us");
  return { cpuMs: line?.quantity ?? 0, costUsd: line?.usd ?? 0 };
}

/** A late message fills a hole of another range: the sum of what is missing may be below 0 then. */
function recordsOf(cells: readonly SeriesCell[]): { received: number; missing: number } {
  const received = totalOf(cells, ({ kind }) => kind === "text" || kind === "request");
  return {
    received,
    missing: Math.max(
      0,
      totalOf(cells, ({ kind }) => kind === "missing"),
    ),
  };
}

function countedDaysOf({ fromMs, toMs, firstMs }: LedgerAnswer, nowMs: number): number {
  if (firstMs === null) return 0;
  return Math.max(0, Math.min(toMs, nowMs) - Math.max(fromMs, firstMs)) / MS_PER_DAY;
}

function dayOf({ startMs, cells: base64 }: LedgerAnswer["days"][number]): Day {
  const cells = [...cellsIn(base64)];
  return {
    day: new Date(startMs).toISOString().slice(0, 10),
    texts: totalOf(cells, ({ kind }) => kind === "text"),
    groupsUsd: groupsUsdOf(cells),
  };
}
