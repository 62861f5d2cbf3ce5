/** Pure. What came back, by status, route and reason. */
import { percentile, tenths } from "../statistics.ts";
import type { Table } from "../table.ts";
import type { Answer } from "./send.ts";

interface Row {
  status: number;
  route: string | null;
  reason: string;
  requests: number;
  p50Ms: number;
  p95Ms: number;
}

export interface Summary {
  requests: number;
  /** Because too many others were in flight. */
  notSent: number;
  /** The most frequent first. */
  rows: readonly Row[];
}

/** @returns the rows with the times of their answers, which are those of the caller's clock */
export function summarize(answers: readonly Answer[], notSent: number): Summary {
  const groups = Map.groupBy(answers, ({ status, route, reason }) => JSON.stringify([status, route, reason]));
  const rows = [...groups.values()].flatMap((group): Row[] => {
    const [first] = group;
    if (first === undefined) return [];
    const times = group.map(({ ms }) => ms);
    const { status, route, reason } = first;
    const [p50Ms, p95Ms] = [tenths(percentile(times, 50)), tenths(percentile(times, 95))];
    return [{ status, route, reason, requests: group.length, p50Ms, p95Ms }];
  });
  return { requests: answers.length, notSent, rows: rows.toSorted((a, b) => b.requests - a.requests) };
}

/** The summary for people, below 60 columns wide. */
export function summaryTable({ requests, notSent, rows }: Summary): Table {
  const missing = notSent === 0 ? "" : `; ${notSent} were not sent, because too many were waiting`;
  return {
    title: `${requests} requests${missing}`,
    header: ["status", "route", "reason", "requests", "p50 ms", "p95 ms"],
    rows: rows.map(({ status, route, reason, requests: count, p50Ms, p95Ms }) => [
      status === 0 ? "–" : status,
      route ?? "–",
      reason,
      count,
      p50Ms,
      p95Ms,
    ]),
  };
}

/** One line while it runs. */
export function liveLine(answers: readonly Answer[], elapsedMs: number, durationMs: number): string {
  const count = (holds: (answer: Answer) => boolean) => answers.filter(holds).length;
  const parts = [
    `${Math.round(Math.min(elapsedMs, durationMs) / 1000)} of ${Math.round(durationMs / 1000)} s`,
    `${answers.length} answered`,
    `edge ${count(({ route }) => route === "edge")}`,
    `origin ${count(({ route }) => route === "origin" || route === "mixed")}`,
    `refused ${count(({ status }) => status >= 400 && status < 500)}`,
    `failed ${count(({ status }) => status === 0 || status >= 500)}`,
  ];
  return parts.join("  ");
}
