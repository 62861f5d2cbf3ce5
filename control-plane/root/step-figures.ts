/** The counts of one policy version as the judge of rollouts reads them. */
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import { Cells, type SeriesCell } from "../../formats/ledger/cells.ts";
import type { Kind, Series } from "../../formats/ledger/series.ts";
import { agreementOf } from "../report/agreement.ts";
import { candidateFigures } from "../report/candidate.ts";
import { countTexts } from "../report/text-figures.ts";
import type { ArmFigures, Comparisons, MinuteCounts, StepFigures } from "../rollout/figures.ts";
import { HOUR_MS, MINUTE_MS, startOf } from "../widths.ts";
import type { Counts } from "./counts.ts";

/** An isolate sends its counts within 30 s. A minute that ended before is complete, except for what is lost. */
const ARRIVED_AFTER_MS = 30_000;

export interface StepQuestion {
  /** The version of the policy. */
  version: number;
  /** When it was saved, or earlier. */
  sinceMs: number;
  nowMs: number;
  /** What is compared: the arms, the halves of the outside arm, or the isolates of a model with those of the policy's model. */
  compared: "arms" | "halves" | { candidate: string };
  /** Callers are split, not texts: the ledger does not know how many there are. */
  isByCaller: boolean;
}

interface Arms {
  kind: "text" | "assigned";
  treatment: (series: Series) => boolean;
  control: (series: Series) => boolean;
}

const KINDS: readonly Kind[] = ["text", "assigned", "shadow", "rejection"];

/** @param isolates that were heard of lately */
export function stepFigures(counts: Counts, isolates: readonly IsolateRow[], question: StepQuestion): StepFigures {
  const { version, nowMs, compared, isByCaller } = question;
  const { cells, coverage, lastTextMs } = readStep(counts, question);
  const arms = armsOf(compared);
  const model = typeof compared === "string" ? null : modelOf(cells, isolates, version, compared.candidate);
  const { compared: comparisons, disagreed } = agreementOf(cells, () => true);
  return {
    treatment: armOf(cells, arms.treatment, arms.kind),
    control: armOf(cells, arms.control, arms.kind),
    minute: minuteOf(counts, arms, { version, nowMs }),
    agreement: model?.agreement ?? { compared: comparisons, disagreed },
    incumbent: model?.incumbent ?? null,
    coverage,
    lastTextMs,
    callers: isByCaller ? { treatment: null, control: null } : null,
    candidateRejected: model?.rejected ?? null,
  };
}

function armsOf(compared: StepQuestion["compared"]): Arms {
  const is =
    (...arms: string[]) =>
    ({ arm }: Series) =>
      arms.includes(arm);
  if (compared === "halves") return { kind: "text", treatment: is("outside-a"), control: is("outside-b") };
  if (compared === "arms") return { kind: "text", treatment: is("inside"), control: is("outside-a", "outside-b") };
  const { candidate } = compared;
  return {
    kind: "assigned",
    treatment: (series) => series.arm === "inside" && series.model === candidate,
    control: (series) => series.arm === "inside" && series.model !== candidate,
  };
}

/** Hours that are rolled up, then minutes. Only the version's rows are decoded; of its first hour, earlier rows have another version. */
function readStep(counts: Counts, { version, sinceMs, nowMs }: StepQuestion) {
  const policy = String(version);
  const cells = new Cells();
  const records = { received: 0, missing: 0 };
  let lastTextMs: number | null = null;
  const hoursUntil = counts.marks.get("hours-until") ?? 0;
  const parts = [
    { width: HOUR_MS, fromMs: startOf(sinceMs, HOUR_MS), toMs: Math.min(hoursUntil, nowMs) },
    { width: MINUTE_MS, fromMs: Math.max(startOf(sinceMs, MINUTE_MS), hoursUntil), toMs: nowMs + MINUTE_MS },
  ];
  const isOurs = (series: Series) => series.policy === policy && KINDS.includes(series.kind);
  for (const { width, fromMs, toMs } of parts) {
    for (const { startMs, series, cell } of counts.cells.read(width, fromMs, toMs, isOurs)) {
      cells.add(series, cell);
      if (series.kind === "text") lastTextMs = Math.max(lastTextMs ?? 0, Math.min(nowMs, startMs + width));
    }
    for (const { kind, n } of counts.cells.totals(width, fromMs, toMs)) {
      if (kind === "text" || kind === "request") records.received += n;
      if (kind === "missing") records.missing += n;
    }
  }
  const all = records.received + Math.max(0, records.missing);
  return { cells: [...cells], coverage: all === 0 ? null : records.received / all, lastTextMs };
}

/** The latest minute that has ended and arrived. */
function minuteOf(
  counts: Counts,
  { kind, treatment, control }: Arms,
  { version, nowMs }: Pick<StepQuestion, "version" | "nowMs">,
): StepFigures["minute"] {
  const startMs = startOf(nowMs - ARRIVED_AFTER_MS, MINUTE_MS) - MINUTE_MS;
  const policy = String(version);
  const isOurs = (series: Series) => series.policy === policy && series.kind === kind;
  const cells = [...counts.cells.read(MINUTE_MS, startMs, startMs + MINUTE_MS, isOurs)];
  const countsOf = (matches: (series: Series) => boolean): MinuteCounts => {
    const { n, failures } = armOf(cells, matches, kind);
    return { n, failures };
  };
  return { startMs, treatment: countsOf(treatment), control: countsOf(control) };
}

function armOf(cells: readonly SeriesCell[], matches: (series: Series) => boolean, kind: Arms["kind"]): ArmFigures {
  const { figures, times } = countTexts(cells, matches, kind);
  return { n: figures.answered + figures.failures, failures: figures.failures, times };
}

function modelOf(
  cells: readonly SeriesCell[],
  isolates: readonly IsolateRow[],
  version: number,
  model: string,
): { agreement: Comparisons; incumbent: Comparisons; rejected: string | null } {
  const { candidate, incumbent, rejections } = candidateFigures(
    { cells, isolates },
    { policy: String(version), candidate: model },
  );
  const [first] = rejections;
  return {
    agreement: candidate.comparisons,
    incumbent: incumbent.comparisons,
    rejected: first === undefined ? null : first.reason.replace(/\.$/, ""),
  };
}
