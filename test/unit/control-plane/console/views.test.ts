/** What the console's pages state. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Facts, RANGES } from "../../../../control-plane/console/facts.ts";
import { isolateTable } from "../../../../control-plane/console/isolates.ts";
import type { Parts } from "../../../../control-plane/console/markup.ts";
import { overviewParts } from "../../../../control-plane/console/overview.ts";
import { NO_FIELDS, rolloutsParts, startForms } from "../../../../control-plane/console/rollouts-view.ts";
import { attentionOf, sentencesOf } from "../../../../control-plane/console/sentence.ts";
import { PICTURE_STYLE } from "../../../../control-plane/drawing/style.ts";
import { policyFactsOf } from "../../../../control-plane/report/policy-facts.ts";
import { reportOf } from "../../../../control-plane/report/report.ts";
import type { RolloutStatus } from "../../../../control-plane/rollout/types.ts";
import type { IsolateRow } from "../../../../formats/ledger/answer.ts";
import { answerOf, DAY_MS, experimentDays, MODEL, START_MS } from "../../../support/ledger-answer.ts";

const ASSETS = fileURLToPath(new URL("../../../../control-plane/console/assets/", import.meta.url));
const NOW_MS = START_MS + DAY_MS;
const POLICY = JSON.stringify({ version: 6, edge: { share: 10, stickyBy: "text" } });
const busy = answerOf(experimentDays({ textsPerDay: 1500, shadowRate: 0.2 }));

function factsOf(parts: Partial<Facts> = {}, answer = busy): Facts {
  const report = reportOf({ answer, nowMs: NOW_MS, policies: policyFactsOf([POLICY]) });
  const stored = { name: "6", version: 6, text: POLICY, sha256: "", problems: [], author: "Ann", message: null };
  const policy = { ...stored, timeIso: "2026-11-12T00:00:00.000Z" };
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

const ROLLOUT: RolloutStatus = {
  id: 3,
  kind: "share",
  target: 100,
  state: "held",
  step: "10 %",
  steps: ["shadow", "10 %", "100 %"],
  verdict: "inconclusive",
  reason: "Not enough texts.",
  missing: [{ what: "400 texts of the inside arm", texts: 400, ms: 7_200_000 }],
  policyVersion: 6,
  startedMs: START_MS,
  stepStartedMs: START_MS,
  endedMs: null,
  pending: null,
  numbers: null,
};

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
    const policy = { ...factsOf().policy, text: null, name: "0" } as Facts["policy"];
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
    expect(page).toMatch(/<dt>P95, inside the share<\/dt><dd class="big">\d+ ms<\/dd><dd>\[\d+, \d+\]<\/dd>/);
    expect(page).toMatch(/<dt>Cost today<\/dt><dd class="big">\$[\d.]+<\/dd>/);
    expect(page).toContain("outside-share");
  });

  it("has, with the stylesheet and the module, at most 60 kB", async () => {
    const assets = ["console.css", "console.js", "icon.svg"].map((name) => readFileSync(`${ASSETS}${name}`).length);
    const page = await textOf(overviewParts(factsOf({ rollout: ROLLOUT })));
    expect(assets.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(page))).toBeLessThan(58_000);
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

describe("rollouts", () => {
  const seen = { shown: ROLLOUT, looks: [], all: [ROLLOUT], halves: null };

  it("show what is missing and how long it takes, and a disabled button states its reason", async () => {
    const page = await textOf(rolloutsParts(seen, null));
    expect(page).toContain("400 texts of the inside arm <small>2 h at this pace</small>");
    expect(page).toContain('<form method="post" action="/rollouts/pause">');
    expect(page).toContain("<button disabled>Resume</button> <small>It is not paused.</small>");
  });

  it("list what is missing once, and the overview only the first three", async () => {
    const missing = ["a", "b", "c", "d"].map((what) => ({ what: `item-${what}`, texts: 1, ms: null }));
    const rollout = { ...ROLLOUT, reason: "Not decided. Missing: item-a; item-b.", missing };
    const page = await textOf(rolloutsParts({ ...seen, shown: rollout }, null));
    expect(page).toContain("<p>Not decided.</p>");
    expect(page).toContain("<li>item-d</li>");
    const overview = await textOf(overviewParts(factsOf({ rollout })));
    expect(overview).not.toContain("item-d");
    expect(overview).toContain("and 1 more");
  });

  it("cannot be changed with the read-only token, and each button states it", async () => {
    const page = await textOf({
      ...rolloutsParts(seen, "Read-only token."),
      forms: startForms(NO_FIELDS, [], "Read-only token."),
    });
    expect(page.match(/<button disabled>/g)).toHaveLength(5);
    expect(page.match(/Read-only token\./g)).toHaveLength(5);
    expect(page).not.toContain("<button class");
  });
});

it("the stylesheet has the rules of the pictures", () => {
  const sheet = readFileSync(`${ASSETS}console.css`, "utf8");
  const normal = (text: string) => text.replaceAll(/\s+/g, " ");
  expect(normal(sheet)).toContain(normal(PICTURE_STYLE).trim());
});
