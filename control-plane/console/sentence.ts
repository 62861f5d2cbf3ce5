/** The first line of the console: what serves, what is being rolled out, and whether anything needs a person. Pure. */
import { shortModelId } from "../../formats/model-package/names.ts";
import { findingsOf } from "../report/findings.ts";
import { count, counted, ms, percent } from "../report/numbers.ts";
import type { Report } from "../report/report.ts";
import { summaryOf } from "../report/summary.ts";
import { MIN_DAYS_TO_PROJECT } from "../report/thresholds.ts";
import type { RolloutStatus } from "../rollout/types.ts";
import { askedShareOf, type Facts } from "./facts.ts";

export interface Attention {
  text: string;
  /** A page of the console that helps; null if none does. */
  href: string | null;
}

/** Two or three sentences. */
export function sentencesOf(facts: Facts): string[] {
  const needs = attentionOf(facts).length;
  const person =
    needs === 0 ? "Nothing needs you." : `${counted(needs, "thing")} ${needs === 1 ? "needs" : "need"} you.`;
  return [servingSentence(facts), rolloutSentence(facts), person];
}

function servingSentence({ report, range, policy }: Facts): string {
  const share = policy === null ? null : askedShareOf(policy);
  const asked = share === null ? "" : `The policy sends ${percent(share / 100)} of eligible texts to the edge. `;
  if (report.texts === 0) return `${asked}No text came in the ${range.name}.`;
  const edge = edgePartOf(report);
  const part =
    edge === null ? "No text was answered" : `The edge answered ${percent(edge)} of ${counted(report.texts, "text")}`;
  const { p95Ms, intervals } = report.arms.inside;
  // Of fewer texts, P95 is one of the longest times.
  const hasBounds = intervals.p95Ms !== null && intervals.p95Ms.high !== null;
  return `${asked}${part} in the ${range.name}${hasBounds ? `; P95 inside the share is ${ms(p95Ms)}` : ""}.`;
}

/** Of answered texts; null without one. */
export function edgePartOf({ sides }: Report): number | null {
  const answered = sides.reduce((sum, { figures }) => sum + figures.answered, 0);
  const edge = sides.find(({ name }) => name === "edge")?.figures.answered ?? 0;
  return answered === 0 ? null : edge / answered;
}

const ENDED = ["succeeded", "failed", "interrupted", "aborted"];

export function hasEnded({ state }: Pick<RolloutStatus, "state">): boolean {
  return ENDED.includes(state);
}

/** "share to 100 %", "model mail-tagger@9f2c9f2c9f2c". */
export function targetOf({ kind, target }: Pick<RolloutStatus, "kind" | "target">): string {
  if (kind === "share") return `share to ${percent(Number(target) / 100)}`;
  return `model ${shortModelId(String(target))}`;
}

function rolloutSentence({ rollout }: Facts): string {
  if (rollout === null || hasEnded(rollout)) return "Nothing is being rolled out.";
  return `Rollout ${count(rollout.id)}, ${targetOf(rollout)}, is ${rollout.state} at step ${rollout.step}.`;
}

/** What a person should look at, the most urgent first. */
export function attentionOf(facts: Facts): Attention[] {
  return [...isolateNeeds(facts), ...policyNeeds(facts), ...rolloutNeeds(facts), ...reportNeeds(facts)];
}

function isolateNeeds({ isolates }: Facts): Attention[] {
  const all = isolates.length;
  const rejected = isolates.filter(({ edgeState }) => edgeState === "rejected" || edgeState === "failed").length;
  const open = new Map<string, number>();
  for (const { breakers } of isolates) {
    for (const [name, state] of Object.entries(breakers))
      if (state === "open") open.set(name, (open.get(name) ?? 0) + 1);
  }
  return [
    ...[...open].map(([name, n]) => ({
      text: `The breaker of ${name.replace("origin:", "the origin ")} is open in ${n} of ${counted(all, "isolate")}. Read its reason in the gateway's /readyz.`,
      href: null,
    })),
    ...(rejected === 0
      ? []
      : [
          {
            text: `${rejected} of ${counted(all, "isolate")} ${rejected === 1 ? "has" : "have"} no model: it was rejected, or could not be read. Read edge.reason in the gateway's /readyz.`,
            href: "/models",
          },
        ]),
  ];
}

function policyNeeds({ policy }: Facts): Attention[] {
  if (policy === null) return [{ text: "The policy could not be read: KV does not answer.", href: null }];
  if (policy.problems.length === 0) return [];
  const text = `The stored policy is not valid, so gateways keep the last valid one: ${policy.problems[0]}.`;
  return [{ text, href: "/policy" }];
}

function rolloutNeeds({ rollout }: Facts): Attention[] {
  if (rollout === null) return [];
  const { id, state, pending, reason } = rollout;
  if (pending !== null && pending.lastProblem !== null) {
    return [{ text: `Rollout ${id} could not write the policy: ${pending.lastProblem}`, href: "/rollouts" }];
  }
  return state === "paused" ? [{ text: `Rollout ${id} is paused: ${reason}`, href: "/rollouts" }] : [];
}

function reportNeeds({ report }: Facts): Attention[] {
  return findingsOf(report)
    .filter(({ level }) => level === "warning")
    .map(({ text }) => ({ text, href: null }));
}

/** The answers of the range in sentences, then what is missing and how to read the figures. */
export function readingsOf(facts: Facts): { level: "fact" | "missing" | "note"; text: string }[] {
  const report = withoutEarlyMonth(facts.report);
  const findings = findingsOf(report).flatMap(({ level, text }) => (level === "warning" ? [] : [{ level, text }]));
  return [...summaryOf(report).map((text) => ({ level: "fact" as const, text })), ...findings];
}

/** As in the tile and the table of cost: a month is projected after a day. */
function withoutEarlyMonth(report: Report): Report {
  if (report.countedDays >= MIN_DAYS_TO_PROJECT) return report;
  return { ...report, cost: { ...report.cost, month: null } };
}
