/** What a reader must know before using the figures: what is missing, how much more is needed, what is wrong. Pure. */
import { durationsNeeded } from "../statistics/quantile.ts";
import { count, counted, days, minute, percent, ratioInterval } from "./numbers.ts";
import type { Report } from "./report.ts";
import {
  MAX_DISAGREEMENT,
  MIN_COVERAGE,
  MIN_DAYS_TO_PROJECT,
  MIN_SAMPLE_RATIO_P,
  MIN_TEXTS_PER_ARM,
} from "./thresholds.ts";

export interface Finding {
  /** `warning`: the figures may mislead. `missing`: more counts are needed. `note`: how to read them. */
  level: "warning" | "missing" | "note";
  text: string;
}

type Rule = (report: Report) => Finding | Finding[] | null;

/** The most important first. */
export function findingsOf(report: Report): Finding[] {
  const rules = isEmpty(report) ? [empty] : RULES;
  const order = ["warning", "missing", "note"];
  return rules.flatMap((rule) => rule(report) ?? []).sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

/** Whether nothing at all was counted. */
export function isEmpty({ texts, requests, records }: Report): boolean {
  return texts + requests + records.missing === 0;
}

function empty({ from, to, firstCount }: Report): Finding {
  const range = `Nothing was counted from ${minute(from)} to ${minute(to)} UTC.`;
  if (firstCount === null) {
    const next = "Send texts to the gateway; its isolates send their counts after 5 to 30 s.";
    return missing(
      `${range} The ledger is empty. ${next} If it stays empty, read \`ledger\` in the gateway's /readyz.`,
    );
  }
  return missing(
    `${range} The first counts are from ${minute(firstCount)} UTC: choose another range with --from and --to.`,
  );
}

const RULES: readonly Rule[] = [
  coverage,
  halfRange,
  noTexts,
  arms,
  p95,
  split,
  byCaller,
  labels,
  sameCode,
  projection,
  other,
];

function coverage({ coverage, records }: Report): Finding | null {
  if (coverage === null || records.missing === 0) return null;
  const text = `${counted(records.missing, "record")} of ${count(records.received + records.missing)} are missing: isolates counted them, and no shard received them. The figures are of the other ${percent(coverage)}.`;
  if (coverage >= MIN_COVERAGE) return note(text);
  return warning(`${text} Do not decide on less than ${percent(MIN_COVERAGE)}.`);
}

function halfRange({ from, firstCount, countedDays }: Report): Finding | null {
  if (firstCount === null || firstCount <= from) return null;
  return note(`Counting began at ${minute(firstCount)} UTC: the figures are of ${days(countedDays)}.`);
}

function noTexts({ texts, refusals }: Report): Finding | null {
  return texts > 0
    ? null
    : missing(`No text was counted; ${counted(refusals, "request")} had an answer other than 200.`);
}

function arms(report: Report): Finding[] {
  const { inside, outside } = report.arms;
  if (inside.texts + outside.texts === 0) {
    return report.texts === 0
      ? []
      : [
          missing(
            "No text was eligible for the edge: all were too long, bound to a side by residency, or overridden by the policy.",
          ),
        ];
  }
  if (inside.texts === 0) {
    return [missing("No eligible text was inside the share. Set one: spillway policy set edge.share 10.")];
  }
  if (outside.texts === 0) {
    return [
      missing(
        "No eligible text was outside the share, so there is nothing to compare with. Lower the share: spillway policy set edge.share 10.",
      ),
    ];
  }
  return (["inside", "outside"] as const).flatMap((arm) => {
    const { texts } = report.arms[arm];
    const more = MIN_TEXTS_PER_ARM - texts;
    if (more <= 0) return [];
    const time = timeFor(more, texts, report.countedDays);
    return [
      missing(
        `The ${arm} arm has ${counted(texts, "text")}; a decision needs ${count(MIN_TEXTS_PER_ARM)}. ${counted(more, "text")} are missing${time}.`,
      ),
    ];
  });
}

function p95({ arms: { inside, outside }, comparison, countedDays }: Report): Finding | null {
  const fewest = Math.min(inside.answered + inside.failures, outside.answered + outside.failures);
  if (fewest === 0) return null;
  const needed = durationsNeeded(0.95);
  if (fewest < needed) {
    return missing(
      `An upper bound of P95 needs ${counted(needed, "text")} in an arm; the smaller arm has ${count(fewest)}.`,
    );
  }
  const { p95, textsToTell } = comparison;
  if (p95 !== "unclear") return null;
  if (textsToTell === null) return note("The P95 of both arms is the same within 2 %.");
  const more = Math.max(1, textsToTell - fewest);
  return missing(
    `Whether P95 differs is open. If it differs as much as measured, about ${count(textsToTell)} texts per arm would show it: ${count(more)} more${timeFor(more, fewest, countedDays)}.`,
  );
}

function split({ split: { sampleRatioP, askedPercent, achievedPercent, isByCaller } }: Report): Finding | null {
  // Whole callers are split then: their texts are not spread like single texts.
  if (sampleRatioP === null || isByCaller || sampleRatioP >= MIN_SAMPLE_RATIO_P) return null;
  const asked = askedPercent === null ? "the asked share" : `${percent(askedPercent / 100)}`;
  return warning(
    `The split is not the asked one: ${percent((achievedPercent ?? 0) / 100)} of eligible texts were inside, ${asked} were asked (p ${sampleRatioP.toExponential(0)}). Counts of one arm may be missing: do not compare the arms.`,
  );
}

function byCaller({ split: { isByCaller, askedPercent } }: Report): Finding | null {
  // With one arm there is no experiment.
  if (!isByCaller || askedPercent === 0 || askedPercent === 100) return null;
  return warning(
    "The share is split by caller, so all texts of a caller are in one arm, and the intervals are too narrow. For an experiment: spillway policy set edge.stickyBy text.",
  );
}

function labels({ agreement, countedDays }: Report): Finding | null {
  const { compared, missing: more, atLeast } = agreement;
  const goal = `at most ${percent(MAX_DISAGREEMENT)} get another label`;
  if (more === null) {
    return warning(
      `The sides disagree on labels: on at least ${percent(atLeast)} of texts, with 95 % confidence. ${percent(MAX_DISAGREEMENT)} is the limit: evaluate the model before moving traffic.`,
    );
  }
  if (more === 0) return null;
  if (compared === 0)
    return missing(
      `No text was classified by both sides. To show that ${goal}, ${count(more)} comparisons are needed: spillway policy set shadow.share 5.`,
    );
  return missing(
    `To show that ${goal}, ${counted(more, "comparison")} without a difference are missing${timeFor(more, compared, countedDays)}.`,
  );
}

function sameCode({ sameCode: { comparison } }: Report): Finding | null {
  const { p95Ratio, p95, failures } = comparison;
  const isP95 = p95 === "lower" || p95 === "higher";
  if (!isP95 && (failures === null || failures === "unclear")) return null;
  const what = isP95 && p95Ratio !== null ? `P95 ${ratioInterval(p95Ratio)} times` : "failures";
  return warning(
    `The two halves of the outside arm, which are served alike, differ (${what}). At 95 % confidence this happens by chance in up to 1 of 20 reports. If it stays, texts are not independent: one caller sends many.`,
  );
}

function projection({ countedDays, cost: { totalUsd, month } }: Report): Finding | null {
  if (totalUsd === 0 || month === null || countedDays >= MIN_DAYS_TO_PROJECT) return null;
  return note(
    `The month's cost is projected from ${days(countedDays)}: hours of the day and days of the week are not in it.`,
  );
}

function other({ reasons }: Report): Finding | null {
  const texts = reasons["other"] ?? 0;
  return texts === 0
    ? null
    : note(
        `${counted(texts, "text")} came after 2,000 series in an hour and are counted without policy, model, origin and reason.`,
      );
}

/** ", 2.1 days at this rate". */
function timeFor(more: number, soFar: number, countedDays: number): string {
  if (soFar === 0 || countedDays === 0) return "";
  return `, ${days((more * countedDays) / soFar)} at this rate`;
}

const warning = (text: string): Finding => ({ level: "warning", text });
const missing = (text: string): Finding => ({ level: "missing", text });
const note = (text: string): Finding => ({ level: "note", text });
