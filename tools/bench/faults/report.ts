/** What the bench `faults` prints. Pure. */
import type { Table } from "../../table.ts";
import type { Report } from "../bench.ts";
import type { FaultRow } from "./row.ts";

/** Between two texts of a kind. */
interface EveryMs {
  short: number;
  long: number;
}

const notesOf = (everyMs: EveryMs) => [
  `Gateway and control plane in workerd, the local Lambda with processes as instances, an OTLP backend, one after another fault, each in an isolate that was made for it. A short text each ${everyMs.short} ms, a long one each ${everyMs.long} ms, with API keys.`,
  "answered: 200 with the scores that the same side gave before any fault. wrong: another 200. refused: 429, 503 or 504 in the contract's shape, with Retry-After. lost: no answer within 15 s, or anything else.",
  "recoverMs: from the end of the fault to the first text from which on every text was answered; originGoodMs: to the origin's first good answer. Long texts have no other side than the one origin.",
  "A slow or wrong store, bucket, engine or ledger is the real one behind a port that fails on command: tools/bench/faults/README.md.",
];

/** @param problems promises that a row breaks, one sentence each without its period */
export function faultsReport(rows: readonly FaultRow[], problems: readonly string[], everyMs: EveryMs): Report {
  return {
    result: {
      asked: sumOf(rows, ({ asked }) => asked),
      shortLost: sumOf(rows, ({ shortLost }) => shortLost),
      shortWrong: sumOf(rows, ({ shortWrong }) => shortWrong),
      problems,
      rows,
    },
    tables: [
      {
        title: "Texts under each fault: short ones, then long ones",
        header: [
          "fault",
          "asked",
          "answered",
          "wrong",
          "lost",
          "refused",
          "p95 ms",
          "asked",
          "answered",
          "refused",
          "back ms",
        ],
        rows: rows.map((row) => [
          row.fault,
          ...[row.shortAsked, row.shortAnswered, row.shortWrong, row.shortLost, row.shortRefused, row.shortP95Ms],
          ...[row.longAsked, row.longAnswered, row.longRefused, row.recoverMs],
        ]),
      },
    ],
    headline: sumsOf(rows),
    notes: notesOf(everyMs),
    problem: problems.length === 0 ? null : `${problems.join("; ")}.`,
  };
}

/** The faults of each part together, and the slowest of them. */
function sumsOf(rows: readonly FaultRow[]): Table {
  return {
    title: "Texts under the faults of each part; P95 and the time until texts are answered again are the worst fault's",
    header: [
      "part",
      "faults",
      "short texts",
      "lost",
      "wrong",
      "refused",
      "p95 ms",
      "long texts",
      "lost",
      "wrong",
      "back ms",
    ],
    rows: Object.entries(Object.groupBy(rows, ({ part }) => part)).map(([part, group = []]) => [
      part,
      group.length,
      ...(["shortAsked", "shortLost", "shortWrong", "shortRefused"] as const).map((one) =>
        sumOf(group, (row) => row[one]),
      ),
      Math.max(...group.map(({ shortP95Ms }) => shortP95Ms)),
      ...(["longAsked", "longLost", "longWrong"] as const).map((one) => sumOf(group, (row) => row[one])),
      Math.max(...group.map(({ recoverMs }) => recoverMs)),
    ]),
  };
}

function sumOf(rows: readonly FaultRow[], pick: (row: FaultRow) => number): number {
  return rows.reduce((total, row) => total + pick(row), 0);
}
