/** What the console's pages state. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { html } from "hono/html";
import { describe, expect, it } from "vitest";
import { type Facts, RANGES } from "../../../../control-plane/console/facts.ts";
import { isolateTable } from "../../../../control-plane/console/isolates.ts";
import { layout } from "../../../../control-plane/console/layout.ts";
import { partsMarkup } from "../../../../control-plane/console/live.ts";
import type { Parts } from "../../../../control-plane/console/markup.ts";
import { overviewParts, rangeLinks } from "../../../../control-plane/console/overview.ts";
import { attentionOf, sentencesOf } from "../../../../control-plane/console/sentence.ts";
import { STYLESHEET } from "../../../../control-plane/console/stylesheet.ts";
import { PICTURE_STYLE } from "../../../../control-plane/drawing/style.ts";
import { usdColumn } from "../../../../control-plane/report/numbers.ts";
import { policyFactsOf } from "../../../../control-plane/report/policy-facts.ts";
import { reportOf } from "../../../../control-plane/report/report.ts";
import type { IsolateRow } from "../../../../formats/ledger/answer.ts";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { seriesOf } from "../../../../formats/ledger/series.ts";
import { answerOf, DAY_MS, experimentDays, MODEL, START_MS } from "../../../support/ledger-answer.ts";
import { HELD as ROLLOUT } from "../../../support/rollout.ts";

const ASSETS = fileURLToPath(new URL("../../../../control-plane/console/assets/", import.meta.url));
const NOW_MS = START_MS + DAY_MS;
const POLICY = JSON.stringify({ version: 6, edge: { share: 10, stickyBy: "text" } });
const busy = answerOf(experimentDays({ textsPerDay: 1500, shadowRate: 0.2 }));

function factsOf(parts: Partial<Facts> = {}, answer = busy): Facts {
  const report = reportOf({ answer, nowMs: NOW_MS, policies: policyFactsOf([POLICY]) });
  const stored = { name: "6", version: 6, text: POLICY, sha256: "", problems: [], author: "Ann", message: null };
  const timeIso = "2026-11-12T00:00:00.000Z";
  const policy = { ...stored, timeIso, inForce: { ...stored, timeIso, rejected: null } };
  return {
    nowMs: NOW_MS,
    range: RANGES[1],
    report,
    month: report,
    isolates: [isolate()],
    policy,
    rollout: null,
    ...parts,
  };
}

function isolate(parts: Partial<IsolateRow> = {}): IsolateRow {
  const status = { colo: "FRA", policy: 6, model: MODEL, edgeState: "ready", queuedTexts: 0, candidate: null };
  return { isolate: "a", shard: "weur", seenMs: NOW_MS, breakers: { edge: "closed" }, ...status, ...parts };
}

const textOf = async (parts: Parts) => (await Promise.all(Object.values(parts))).join("\n");

describe("the first sentence", () => {
  it("states what serves, what is rolled out, and that nothing needs a person", () => {
    expect(sentencesOf(factsOf()).join(" ")).toMatch(
      /^The policy sends 10 % of eligible texts to the edge\. The edge answered 8\.\d % of 1,\d\d\d texts in the last 24 hours; P95 inside the share is \d+ ms\. Nothing is being rolled out\. Nothing needs you\.$/,
    );
    expect(sentencesOf(factsOf({ rollout: ROLLOUT })).join(" ")).toContain(
      "Rollout 3, share to 100 %, is held at step 10 %.",
    );
  });

  it("is short where no text came and nothing is stored", () => {
    const inForce = { ...factsOf().policy?.inForce, text: null };
    const policy = { ...factsOf().policy, text: null, name: "0", inForce } as Facts["policy"];
    expect(sentencesOf(factsOf({ policy, isolates: [] }, answerOf([]))).join(" ")).toBe(
      "The policy sends 100 % of eligible texts to the edge. No text came in the last 24 hours. Nothing is being rolled out. Nothing needs you.",
    );
  });

  it.each<[string, Partial<Facts>, RegExp]>([
    [
      "an open breaker",
      { isolates: [isolate(), isolate({ breakers: { "origin:eu": "open" } })] },
      /breaker of the origin eu is open in 1 of 2 isolates/,
    ],
    ["a rejected model", { isolates: [isolate({ edgeState: "rejected" })] }, /1 of 1 isolate has no model/],
    [
      "a policy that is not valid",
      { policy: { ...factsOf().policy, problems: ["edge.share: 1000 is not allowed"] } as Facts["policy"] },
      /not valid, so gateways keep the last valid one: edge\.share: 1000/,
    ],
    ["a policy that cannot be read", { policy: null }, /could not be read/],
    [
      "a paused rollout",
      { rollout: { ...ROLLOUT, state: "paused", reason: "No text for 24 h." } },
      /Rollout 3 is paused: No text for 24 h\./,
    ],
  ])("counts %s as a thing that needs a person", (_, parts, text) => {
    const facts = factsOf(parts);
    expect(attentionOf(facts).map((one) => one.text)).toEqual([expect.stringMatching(text)]);
    expect(sentencesOf(facts).at(-1)).toBe("1 thing needs you.");
  });
});

describe("the overview", () => {
  it("shows every figure with its unit and its interval", async () => {
    const page = await textOf(overviewParts(factsOf()));
    expect(page).toMatch(/<dt>P95, inside the share<\/dt><dd class="big">\d+ ms<\/dd><dd>\[\d+,\s\d+\]<\/dd>/);
    expect(page).toMatch(/<dt>Cost today<\/dt><dd class="big">\$[\d.]+<\/dd>/);
    expect(page).toContain("outside-share");
  });

  it("is a first view of at most 60 kB before compression: the whole page with its stylesheet, the module and the icon", async () => {
    const colos = Array.from({ length: 40 }, (_, at) => isolate({ colo: `C${at}`, policy: 6 + (at % 2) }));
    const facts = factsOf({ rollout: ROLLOUT, isolates: colos });
    const page = layout(
      {
        ...{ title: "Overview", path: "/", session: { role: "operator", untilMs: NOW_MS }, aside: rangeLinks(facts) },
        ...{ tracePages: ["https://traces.example.com/"], live: { url: "/live?range=24h", etag: "0".repeat(16) } },
      },
      html`<div class="columns">${partsMarkup(overviewParts(facts))}</div>`,
    );
    const assets = readdirSync(ASSETS).map((name) => readFileSync(`${ASSETS}${name}`).length);
    const bytes = assets.reduce((sum, one) => sum + one, Buffer.byteLength(String(await page)));
    expect(bytes).toBeLessThanOrEqual(60_000);
    // The page is whole, with everything of the frame.
    expect(String(await page)).toMatch(/^<!doctype html>[\s\S]*Sign out[\s\S]*<\/html>$/);
  });

  it("ends no line inside a command's option, between a number and its unit, or inside an interval", async () => {
    const page = await textOf(overviewParts(factsOf()));
    const words = page.replaceAll(/<small>.*?<\/small>|<svg.*?<\/svg>/gs, "");
    expect(words).toMatch(/<p class="sentence">The policy sends 10\u00a0% of eligible texts/);
    expect(words.match(/<(?:p|li|dd)(?! class="big")[^>]*>[^<]*(?:\d (?:%|ms|s)(?!\w)|\[[^\]<]* )/g)).toBeNull();
    expect(page).toContain("npx spillway rollout start share <span>--to</span> 100");
  });

  it("has a figure without comparisons, which states it once", async () => {
    const none = await textOf(overviewParts(factsOf({}, answerOf(experimentDays({ shadowRate: 0 })))));
    expect(none).toMatch(/<dt>Other label<\/dt><dd class="big">–<\/dd><dd>no shadow texts<\/dd><dd>\u00a0<\/dd>/);
  });

  it("states from how many texts on a figure has an interval, and where there are no texts, in place of bounds that say nothing", async () => {
    const few = (texts: number) => {
      const cells = new Cells();
      const series = { arm: "inside", side: "edge", outcome: "ok", because: "within-share", policy: "6" };
      for (let text = 0; text < texts; text++) cells.observe(seriesOf("text", series), 40);
      return answerOf([cells]);
    };
    for (const texts of [1, 2, 71]) {
      const facts = factsOf({}, few(texts));
      const page = await textOf(overviewParts(facts));
      expect(page).toMatch(/<dd class="big">40 ms<\/dd><dd>interval from 72 texts on<\/dd><dd>outside no texts<\/dd>/);
      expect(page).not.toMatch(/≥ 0|≥ –|≤ –|NaN|>-0|undefined|null/);
      expect(sentencesOf(facts)[0]).not.toContain("P95");
    }
    const one = await textOf(overviewParts(factsOf({}, few(1))));
    expect(one).toMatch(/<th scope="row">P95<\/th><td class="figure">40 ms<small>no interval yet<\/small>/);
    expect(await textOf(overviewParts(factsOf({}, few(72))))).toMatch(
      /<dd class="big">40 ms<\/dd><dd>\[\d+,\s\d+\]<\/dd>/,
    );
  });

  it("lists the first three of what a rollout is missing", async () => {
    const missing = ["a", "b", "c", "d"].map((what) => ({ what: `item-${what}`, texts: 1, ms: null }));
    const page = await textOf(overviewParts(factsOf({ rollout: { ...ROLLOUT, missing } })));
    expect(page).toContain("item-c");
    expect(page).not.toContain("item-d");
    expect(page).toContain("and 1 more");
  });

  it("states what to do where there is nothing to show", async () => {
    const page = await textOf(overviewParts(factsOf({ isolates: [], rollout: null }, answerOf([]))));
    for (const text of [
      "npm run traffic",
      "An isolate appears some seconds after its first request",
      "npx spillway rollout start",
    ])
      expect(page).toContain(text);
  });

  it("has no style and no script in its markup, and text of others is escaped", async () => {
    const name = '"><script>alert(1)</script>';
    const isolates = [isolate({ colo: name, model: `${name}@${"9".repeat(64)}`, breakers: { [name]: "open" } })];
    const page = await textOf(overviewParts(factsOf({ isolates, rollout: { ...ROLLOUT, reason: name } })));
    expect(page).not.toMatch(/<script|style=|<style| on\w+=/);
  });
});

it("isolates are listed by location, with what differs between them", () => {
  const { rows } = isolateTable([
    isolate({ colo: "NRT", policy: 5 }),
    isolate(),
    isolate({ candidate: { model: `mail-tagger@${"ab".repeat(32)}`, state: "ready", reason: null } }),
    isolate({ edgeState: "cold", queuedTexts: 2, breakers: { edge: "closed", "origin:eu": "open" } }),
  ]);
  expect(rows).toEqual([
    [
      "FRA",
      "3",
      "2 ready, 1 cold",
      "origin:eu open in 1",
      "2 texts",
      "6",
      "2 mail-tagger@9f2c9f2c9f2c, 1 candidate mail-tagger@abababababab, ready",
    ],
    ["NRT", "1", "ready", "all closed", "0 texts", "5", "mail-tagger@9f2c9f2c9f2c"],
  ]);
});

it("dollars of one column have the same decimals: three digits of the largest, and at least cents", () => {
  expect(usdColumn([0.00314, 0.0000142, 0.0000031, 0.00425])).toEqual([
    "$0.00314",
    "$0.00001",
    "< $0.00001",
    "$0.00425",
  ]);
  expect(usdColumn([12.104, 0.2, 0, 0.001])).toEqual(["$12.10", "$0.20", "$0.00", "< $0.01"]);
  expect(usdColumn([1204.4, 12])).toEqual(["$1,204", "$12"]);
  expect(usdColumn([0])).toEqual(["$0.00"]);
});

it("the stylesheet has the rules of the pictures", () => {
  expect(STYLESHEET).toContain(PICTURE_STYLE.replaceAll(/\n\s*/g, ""));
  expect(STYLESHEET).not.toMatch(/<|\n|\/\*/);
});
