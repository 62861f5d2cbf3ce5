import { describe, expect, it } from "vitest";
import { allFaults } from "../../../../../tools/bench/faults/faults.ts";
import type { Sample } from "../../../../../tools/bench/faults/load.ts";
import { faultsReport } from "../../../../../tools/bench/faults/report.ts";
import { brokenPromises, hasRecovered, rowOf } from "../../../../../tools/bench/faults/row.ts";
import type { Verdict } from "../../../../../tools/bench/faults/verdict.ts";

const NAME = { name: "a fault", part: "origin" };
const sample = (kind: Sample["kind"], sentAtMs: number, verdict: Verdict): Sample => ({
  ...{ kind, sentAtMs, verdict },
  endedAtMs: sentAtMs + 10,
  detail: verdict === "answered" ? "200 edge within-share" : "503",
});
const rowWith = (...samples: Sample[]) => rowOf(NAME, { samples, endedAtMs: 1000, originGoodAtMs: 1500, refusals: {} });

describe("the row of a fault", () => {
  it("counts short and long texts apart, and both together", () => {
    const row = rowWith(
      sample("short", 100, "answered"),
      sample("short", 200, "lost"),
      sample("short", 300, "wrong"),
      sample("long", 400, "refused"),
      sample("long", 1200, "answered"),
    );
    expect(row).toMatchObject({ fault: "a fault", asked: 5, answered: 2, wrong: 1, lost: 1, refused: 1 });
    expect(row).toMatchObject({ shortAsked: 3, shortAnswered: 1, shortWrong: 1, shortLost: 1, shortRefused: 0 });
    expect(row).toMatchObject({ longAsked: 2, longAnswered: 1, longRefused: 1, longLost: 0 });
    expect(row.others).toEqual({ "short lost: 503": 1, "short wrong: 503": 1, "long refused: 503": 1 });
  });

  it("has recovered with the first text from which on all were answered", () => {
    const texts = [
      sample("long", 900, "refused"),
      sample("long", 1200, "answered"),
      sample("long", 1400, "refused"),
      sample("long", 1600, "answered"),
    ];
    expect(rowWith(...texts).recoverMs).toBe(600);
    expect(rowWith(...texts.toReversed()).recoverMs).toBe(600);
    expect(rowWith(sample("long", 900, "refused"), sample("long", 1200, "answered")).recoverMs).toBe(0);
    expect(rowWith(sample("long", 1200, "answered"), sample("long", 8000, "refused")).recoverMs).toBe(7010);
  });

  it("is over when the newest texts of a kind were answered", () => {
    const texts = [900, 1100, 1200, 1300].map((at) => sample("short", at, at === 1100 ? "refused" : "answered"));
    expect(hasRecovered("short", texts, 1000, 2)).toBe(true);
    expect(hasRecovered("short", texts, 1000, 3)).toBe(false);
    expect(hasRecovered("short", texts, 1150, 3)).toBe(false);
    expect(hasRecovered("long", texts, 1000, 1)).toBe(false);
  });

  it("breaks a promise with a short text that is lost, wrong or refused, and with a slow way back", () => {
    const lost = rowWith(sample("short", 1, "lost"), sample("short", 2, "wrong"), sample("short", 3, "refused"));
    expect(brokenPromises(lost, null)).toEqual([
      '"a fault": 1 short texts lost',
      '"a fault": 1 short texts wrong',
      '"a fault": 1 short texts refused',
    ]);
    expect(brokenPromises(lost, "no key is known")).toHaveLength(2);
    expect(brokenPromises(rowWith(sample("long", 1, "refused")), null)).toEqual([]);
    expect(brokenPromises(rowWith(sample("long", 6490, "refused")), null)).toEqual([]);
    expect(brokenPromises(rowWith(sample("long", 7000, "refused")), null)).toEqual([
      '"a fault": texts were answered only 5510 ms after the origin\'s first good answer',
    ]);
  });
});

describe("the page of all benches", () => {
  it("has a row for each part: the sums of its faults, and the worst P95 and way back", () => {
    const first = rowWith(sample("short", 100, "answered"), sample("long", 1200, "refused"));
    const second = { ...rowWith(sample("short", 100, "refused")), shortP95Ms: 30, part: "origin" };
    const { headline } = faultsReport([first, second, { ...first, part: "edge" }], [], { short: 80, long: 250 });
    expect(headline?.rows).toEqual([
      ["origin", 2, 2, 0, 0, 1, 30, 1, 0, 0, first.recoverMs],
      ["edge", 1, 1, 0, 0, 0, 10, 1, 0, 0, first.recoverMs],
    ]);
    expect(headline?.rows[0]).toHaveLength(headline?.header.length ?? 0);
  });
});

describe("the faults", () => {
  const faults = allFaults();

  it("are at least 30, also with --quick, of every part, each with another name", () => {
    expect(faults.filter(({ isQuick, part }) => isQuick && part !== "none").length).toBeGreaterThanOrEqual(30);
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
    const parts = ["none", "origin", "edge", "callers", "stores", "telemetry", "control plane", "clock"];
    expect(new Set(faults.map(({ part }) => part))).toEqual(new Set(parts));
  });
});
