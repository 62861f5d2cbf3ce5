/** What a report states about counts that are empty, thin, partial or wrong. */
import { describe, expect, it } from "vitest";
import { findingsOf } from "../../../../control-plane/report/findings.ts";
import { reportOf } from "../../../../control-plane/report/report.ts";
import { summaryOf } from "../../../../control-plane/report/summary.ts";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { seriesOf } from "../../../../formats/ledger/series.ts";
import { answerOf, DAY_MS, type Experiment, experimentDays, START_MS } from "../../../support/ledger-answer.ts";

const TEXT_SPLIT = [{ version: "6", sharePercent: 10, stickyBy: "text" }];
const ample = experimentDays({ days: 2, textsPerDay: 20_000, shadowRate: 0.08 });

function reportFor(days: readonly Cells[], policies = TEXT_SPLIT) {
  return reportOf({ answer: answerOf(days), nowMs: START_MS + days.length * DAY_MS, policies });
}

const sentences = (days: readonly Cells[], policies = TEXT_SPLIT) =>
  findingsOf(reportFor(days, policies)).map(({ level, text }) => `${level}: ${text}`);
const of = (experiment: Experiment) => sentences(experimentDays(experiment));

function texts(fields: Parameters<typeof seriesOf>[1], n: number, ms = 100): Cells {
  const cells = new Cells();
  for (let i = 0; i < n; i++) cells.observe(seriesOf("text", { outcome: "ok", policy: "6", ...fields }), ms);
  return cells;
}

function merged(...all: readonly Cells[]): Cells {
  const sum = new Cells();
  for (const cells of all) sum.merge(cells);
  return sum;
}

it("ample counts need no remark, and the summary has time, failures, labels and cost", () => {
  expect(sentences(ample)).toEqual([]);
  const summary = summaryOf(reportFor(ample));
  expect(summary).toHaveLength(5);
  expect(summary[0]).toMatch(/^P95 is \d+ ms inside the share and .* outside: faster, 0\.\d\d times, \[/);
  expect(summary[1]).toMatch(/^Failures do not differ visibly: [+−0]/);
  expect(summary[2]).toMatch(/compared texts got another label from the other side: at most 0\.\d+ % do/);
});

describe("an empty ledger", () => {
  it("reports that isolates send counts after texts came", () => {
    expect(sentences([])[0]).toMatch(
      /^missing: Nothing was counted from .* The ledger is empty\. Send texts to the gateway/,
    );
  });

  it("names the first count where another time was asked for", () => {
    const answer = { ...answerOf([]), firstMs: Date.UTC(2026, 10, 20) };
    expect(findingsOf(reportOf({ answer, nowMs: START_MS + DAY_MS }))[0]?.text).toMatch(
      /The first counts are from 2026-11-20 00:00 UTC: choose another range with --from and --to\.$/,
    );
  });
});

describe("thin counts", () => {
  it("state how many texts are missing per arm, and for how many days", () => {
    const found = of({ textsPerDay: 700, days: 2 });
    const arm = found.find((sentence) => sentence.includes("The inside arm has"));
    expect(arm).toMatch(
      /^missing: The inside arm has (\d+) texts; a decision needs 1,000\. \d+ texts are missing, \d+ days at this rate\.$/,
    );
    const [, n = ""] = /has (\d+) texts/.exec(arm ?? "") ?? [];
    expect(arm).toContain(`${1000 - Number(n)} texts are missing`);
  });

  it("state when P95 has no upper bound", () => {
    const [inside, outside] = [texts({ arm: "inside" }, 71), texts({ arm: "outside-a" }, 2000)];
    expect(sentences([merged(inside, outside)])).toContain(
      "missing: An upper bound of P95 needs 72 texts in an arm; the smaller arm has 71.",
    );
  });

  it("state how many texts would show the measured difference", () => {
    // P95 is in the longer tail of one arm, and not clearly in that of the other.
    const arm = (fields: Parameters<typeof seriesOf>[1], slow: number) =>
      merged(texts(fields, 1200 - slow, 100), texts(fields, slow, 200));
    const cells = merged(arm({ arm: "inside" }, 50), arm({ arm: "outside-a" }, 66));
    expect(sentences([cells], [{ version: "6", sharePercent: 50, stickyBy: "text" }])).toContainEqual(
      expect.stringMatching(
        /^missing: Whether P95 differs is open\. If it differs as much as measured, about [\d,]+ texts per arm would show it: [\d,]+ more, [\d.]+ (h|days|min) at this rate\.$/,
      ),
    );
  });

  it("state that P95 is the same where no number of texts would matter", () => {
    const cells = merged(texts({ arm: "inside" }, 2000, 100), texts({ arm: "outside-a" }, 2000, 100));
    expect(sentences([cells], [{ version: "6", sharePercent: 50, stickyBy: "text" }])).toContain(
      "note: The P95 of both arms is the same within 2 %.",
    );
  });

  it("state the comparisons that are missing to certify the labels", () => {
    const shadow = new Cells();
    shadow.count(seriesOf("shadow", { outcome: "agrees" }), 700);
    expect(sentences([merged(shadow, texts({ arm: "inside" }, 1))])).toContain(
      "missing: To show that at most 0.40 % get another label, 48 comparisons without a difference are missing, 2 h at this rate.",
    );
    shadow.count(seriesOf("shadow", { outcome: "agrees" }), 48);
    expect(sentences([merged(shadow, texts({ arm: "inside" }, 1))]).join()).not.toContain("another label");
  });

  it("name the command where an arm or every comparison is missing", () => {
    expect(sentences([texts({ arm: "outside-a" }, 5)]).join()).toContain("spillway policy set edge.share 10");
    expect(sentences([texts({ arm: "inside" }, 5)]).join()).toContain("nothing to compare with. Lower the share");
    expect(sentences([texts({ arm: "ineligible" }, 5)]).join()).toContain("No text was eligible for the edge");
    expect(sentences([texts({ arm: "inside" }, 5)]).join()).toContain("spillway policy set shadow.share 5");
  });
});

describe("a warning", () => {
  it("of coverage below 95 %, with what is missing", () => {
    const cells = merged(...ample);
    cells.count(seriesOf("missing", {}), 10_000);
    expect(sentences([cells])[0]).toMatch(
      /^warning: 10,000 records of [\d,]+ are missing.* Do not decide on less than 95 %\.$/,
    );
  });

  it("of a split that is not the asked one", () => {
    const cells = merged(texts({ arm: "inside" }, 1300), texts({ arm: "outside-a" }, 8700));
    expect(sentences([cells]).join()).toMatch(
      /warning: The split is not the asked one: 13 % of eligible texts were inside, 10 % were asked/,
    );
  });

  it("of a split by caller, whose intervals are too narrow, in place of one about the ratio", () => {
    const cells = merged(texts({ arm: "inside" }, 1300), texts({ arm: "outside-a" }, 8700));
    const found = sentences([cells], [{ version: "6", sharePercent: 10, stickyBy: "api-key" }]).join();
    expect(found).toContain("warning: The share is split by caller");
    expect(found).not.toContain("The split is not the asked one");
    const whole = sentences([cells], [{ version: "6", sharePercent: 100, stickyBy: "api-key" }]).join();
    expect(whole).not.toContain("The share is split by caller");
  });

  it("of labels that differ too often", () => {
    const cells = merged(...ample);
    cells.count(seriesOf("shadow", { outcome: "differs" }), 60);
    expect(sentences([cells]).join()).toMatch(/warning: The sides disagree on labels: on at least \d\.\d+ % of texts/);
  });

  it("of halves that are served alike and differ", () => {
    const halves = merged(texts({ arm: "outside-a" }, 2000, 100), texts({ arm: "outside-b" }, 2000, 400));
    expect(sentences([halves]).join()).toMatch(
      /warning: The two halves of the outside arm, which are served alike, differ \(P95 \[0\.2\d/,
    );
  });
});

it("a projection from less than a day is marked", () => {
  const answer = answerOf(experimentDays({ textsPerDay: 3000 }));
  const report = reportOf({ answer, nowMs: START_MS + DAY_MS / 4, policies: TEXT_SPLIT });
  expect(findingsOf(report).map(({ text }) => text)).toContain(
    "The month's cost is projected from 6 h: hours of the day and days of the week are not in it.",
  );
});
