import { scaleLinear } from "d3-scale";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logAxis } from "../../../../control-plane/drawing/axes.ts";
import { columnChart } from "../../../../control-plane/drawing/column-chart.ts";
import { ratioChart } from "../../../../control-plane/drawing/interval-chart.ts";
import { legend } from "../../../../control-plane/drawing/legend.ts";
import { lineChart } from "../../../../control-plane/drawing/line-chart.ts";
import { element, label, picture, widthOf } from "../../../../control-plane/drawing/svg.ts";
import { ratiosPicture, timesPicture } from "../../../../control-plane/report/charts.ts";
import { reportOf } from "../../../../control-plane/report/report.ts";
import { answerOf, DAY_MS, experimentDays, START_MS } from "../../../support/ledger-answer.ts";

const plot = { x: 40, y: 10, width: 300, height: 200 };

it("a name is a text, whatever characters it has", () => {
  expect(label(1, 2, `<b> & "x"`)).toBe('<text x="1" y="2" font-size="12">&lt;b&gt; &amp; &quot;x&quot;</text>');
  expect(element("g", { class: '"><script>' })).not.toContain("<script>");
  expect(picture({ width: 10, height: 10, title: "</title><script>" })).not.toContain("<script>");
});

it("a logarithmic axis has room for every value, and at least two ticks in its range that do not overlap", () => {
  const range = fc.tuple(
    fc.double({ min: 0.1, max: 50_000, noNaN: true }),
    fc.double({ min: 1.01, max: 500_000, noNaN: true }),
  );
  fc.assert(
    fc.property(range, fc.integer({ min: 200, max: 1200 }), ([low, factor], width) => {
      const { scale, ticks } = logAxis(low, low * factor, [0, width]);
      const at = ticks.map((tick) => scale(tick));
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      for (const [index, x] of at.entries()) {
        expect(x).toBeGreaterThanOrEqual(-0.001);
        expect(x).toBeLessThanOrEqual(width + 0.001);
        if (index > 0) expect(x - (at[index - 1] ?? 0)).toBeGreaterThan(50);
      }
      expect(scale(low)).toBeGreaterThanOrEqual(-0.001);
      expect(scale(low * factor)).toBeLessThanOrEqual(width + 0.001);
    }),
    { numRuns: 200 },
  );
});

describe("a chart", () => {
  it("of columns has boxes as high as their values together", () => {
    const svg = columnChart({
      plot,
      keys: [
        { key: "a", tone: "blue" },
        { key: "b", tone: "green" },
      ],
      columns: [{ name: "one", values: { a: 1, b: 3 } }],
      write: String,
    });
    const heights = [...svg.matchAll(/<rect[^>]* height="([\d.]+)"/g)].map(([, height]) => Number(height));
    expect(heights).toEqual([50, 150]);
  });

  it("of lines moves names at their ends apart", () => {
    const line = (name: string, y: number) => ({
      tone: "blue" as const,
      points: [
        { x: 0, y },
        { x: 1, y },
      ],
      end: { name, value: "" },
    });
    const scale = scaleLinear([0, 1], [0, 100]);
    const axis = { scale, ticks: [0, 1], write: String };
    const svg = lineChart({ plot, x: axis, y: axis, lines: [line("first", 0.5), line("second", 0.51)] });
    const y = (name: string) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(svg)?.[1]);
    expect(y("second") - y("first")).toBeGreaterThanOrEqual(30);
  });

  it("of ratios is drawn without an upper bound, and without NaN", () => {
    const row = { name: "a / b", text: "", tone: "blue", value: 0.5, low: 0, high: null } as const;
    const { markup, height } = ratioChart([row], 340, String);
    expect(height).toBeGreaterThan(40);
    expect(markup).not.toContain("NaN");
  });

  it("has a legend in as many rows as its width needs", () => {
    const items = ["origin", "CPU at the edge", "CPU of loads"].map((name) => ({ name, tone: "blue" as const }));
    expect(legend(items, 0, 0, 1000).height).toBeLessThan(legend(items, 0, 0, 150).height);
  });
});

it.each([0.3, 4, 60, 300, 2500])("every text of a picture lies within it, for a median of %d ms", (edgeMs) => {
  const answer = answerOf(experimentDays({ days: 1, textsPerDay: 300, edgeMs, share: 50 }));
  const report = reportOf({ answer, nowMs: START_MS + DAY_MS });
  for (const width of [320, 620]) {
    for (const svg of [timesPicture(report.curves, width), ratiosPicture(report, width)]) {
      const texts = [
        ...(svg ?? "").matchAll(/<text x="([-\d.]+)"[^>]*?( text-anchor="(\w+)")? font-size="(\d+)"[^>]*>([^<]*)</g),
      ];
      expect(texts.length).toBeGreaterThan(2);
      for (const [, x, , anchor, size, text = ""] of texts) {
        const wide = widthOf(text, Number(size));
        const left = Number(x) - (anchor === "middle" ? wide / 2 : anchor === "end" ? wide : 0);
        expect(left, text).toBeGreaterThanOrEqual(0);
        expect(left + wide, text).toBeLessThanOrEqual(width);
      }
    }
  }
});
