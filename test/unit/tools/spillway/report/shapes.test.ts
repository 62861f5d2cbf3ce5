/** A report for a terminal, a pull request, a browser and a program. */
import { describe, expect, it } from "vitest";
import { findingsOf } from "../../../../../control-plane/report/findings.ts";
import { type Report, reportOf } from "../../../../../control-plane/report/report.ts";
import { encodeBase64 } from "../../../../../formats/encodings.ts";
import { encodeCells } from "../../../../../formats/ledger/codec.ts";
import { seriesOf } from "../../../../../formats/ledger/series.ts";
import { reportJson } from "../../../../../tools/spillway/report/command.ts";
import { reportMarkdown } from "../../../../../tools/spillway/report/markdown.ts";
import { reportPage } from "../../../../../tools/spillway/report/page.ts";
import { terminalLines } from "../../../../../tools/spillway/report/terminal.ts";
import { answerOf, DAY_MS, experimentDays, START_MS } from "../../../../support/ledger-answer.ts";

const policies = ["6", "7"].map((version) => ({ version, sharePercent: 10, stickyBy: "text" }));
const ample = reportOf({
  answer: answerOf([
    ...experimentDays({ days: 2, textsPerDay: 3000, missing: 40 }),
    ...experimentDays({ days: 2, textsPerDay: 3000, policy: "7", seed: 3 }),
  ]),
  nowMs: START_MS + 4 * DAY_MS,
  policies,
  compare: ["6", "7"],
});
const thin = reportOf({ answer: answerOf(experimentDays({ textsPerDay: 60 })), nowMs: START_MS + DAY_MS, policies });
const empty = reportOf({ answer: answerOf([]), nowMs: START_MS + DAY_MS });
const reports: [string, Report][] = [
  ["ample", ample],
  ["thin", thin],
  ["empty", empty],
];

const plain = (_style: unknown, text: string) => text;
const lines = (report: Report, columns: number) => terminalLines(report, findingsOf(report), columns, plain);

describe("in a terminal", () => {
  it.each(reports.flatMap(([name, report]) => [60, 80, 100, 200].map((columns) => [name, columns, report] as const)))(
    "%s counts fit %i columns",
    (_, columns, report) => {
      expect(lines(report, columns).filter((line) => line.length > Math.min(100, columns))).toEqual([]);
    },
  );

  it("the figures of 60 columns are those of 100", () => {
    const figures = (columns: number) =>
      lines(ample, columns)
        // The axis of the strips has as many ticks as fit.
        .filter((line) => !line.includes("● ◆ ┤"))
        .join(" ")
        .match(/\d[\d.,]* (ms|s|%)/g);
    expect(new Set(figures(60))).toEqual(new Set(figures(100)));
  });

  it("the coverage is beside every table", () => {
    const all = lines(ample, 100);
    const heads = all.filter((line) => /^\S/.test(line) && line !== all[1] && line !== all[2]);
    expect(heads.length).toBeGreaterThan(10);
    expect(heads.every((line) => line.endsWith("coverage 99.7 %"))).toBe(true);
  });
});

describe("as a page", () => {
  it.each(reports)("%s counts need no script and nothing from elsewhere", async (_, report) => {
    const page = await reportPage(report, findingsOf(report));
    expect(page).not.toMatch(/<script|<link|<iframe|\bsrc=|@import|url\(/);
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:/);
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(page).toContain('<meta name="viewport"');
  });

  it("has the pictures: times per arm, ratios, reasons, cost per day, each for a phone and for a wide screen", async () => {
    const page = await reportPage(ample, findingsOf(ample));
    const titles = [...page.matchAll(/<svg[^>]*><title>([^<]*)</g)].map(([, title]) => title);
    for (const title of [
      "The part of texts that were answered within a time, by arm",
      "Ratios of P95 with intervals at 95 % confidence",
      "Answered texts by the reason of their route",
      "Cost per day at list prices",
    ])
      expect(titles.filter((one) => one === title)).toHaveLength(2);
  });

  it("shows markup in a name as text", async () => {
    const [cells] = experimentDays({ textsPerDay: 20 });
    cells?.observe(
      seriesOf("text", { arm: "inside", side: "edge", outcome: "ok", because: "<b>&\"'|*", policy: "6" }),
      5,
    );
    const answer = { ...answerOf([]), firstMs: START_MS, cells: encodeBase64(encodeCells(cells ?? [])) };
    const report = reportOf({ answer, nowMs: START_MS + DAY_MS });
    expect(await reportPage(report, findingsOf(report))).not.toContain("<b>&");
    expect(reportMarkdown(report, findingsOf(report))).toContain("\\<b\\>&\"'\\|");
  });
});

it("as Markdown: every row of a table has as many cells as its head", () => {
  for (const [, report] of reports) {
    const markdown = reportMarkdown(report, findingsOf(report));
    const tables = markdown.split("\n\n").filter((part) => part.startsWith("| "));
    for (const table of tables) {
      const widths = table.split("\n").map((row) => row.match(/(?<!\\)\|/g)?.length);
      expect(new Set(widths).size, table).toBe(1);
    }
  }
  expect(reportMarkdown(ample, findingsOf(ample))).toMatch(/\| P95 \| \d+ ms \[\d+, \d+\] \|/);
});

describe("as JSON", () => {
  it("has the names that programs rely on", () => {
    const json = JSON.parse(reportJson(ample, findingsOf(ample)));
    const figures = {
      texts: expect.any(Number),
      failures: expect.any(Number),
      p50Ms: expect.any(Number),
      p95Ms: expect.any(Number),
      p99Ms: expect.any(Number),
    };
    expect(json).toMatchObject({
      from: "2026-11-12T00:00:00.000Z",
      to: "2026-11-16T00:00:00.000Z",
      coverage: expect.any(Number),
      arms: { inside: figures, outside: figures, ineligible: figures },
      reasons: { "within-share": expect.any(Number), "outside-share": expect.any(Number) },
      refusals: expect.any(Number),
      refusalsByReason: { "key-unknown": expect.any(Number) },
      agreement: { compared: expect.any(Number), disagreed: expect.any(Number) },
      costUsd: { total: expect.any(Number), perDay: expect.any(Number), perMonth: expect.any(Number) },
    });
  });

  it("has null where nothing was counted", () => {
    const { coverage, arms, costUsd } = JSON.parse(reportJson(empty, findingsOf(empty)));
    expect([coverage, arms.inside.p95Ms, arms.inside.texts, costUsd.total, costUsd.perMonth]).toEqual([
      null,
      null,
      0,
      0,
      null,
    ]);
  });
});
