/** `spillway status`: what differs between the clouds and the policy, why it matters, and the command that fixes it. */
import { describe, expect, it } from "vitest";
import { RANGES } from "../../../../../control-plane/console/facts.ts";
import { reportOf } from "../../../../../control-plane/report/report.ts";
import { type Deployed, driftOf } from "../../../../../tools/spillway/status/drift.ts";
import { statusLines } from "../../../../../tools/spillway/status/lines.ts";
import { answerOf, DAY_MS, experimentDays, MODEL, START_MS } from "../../../../support/ledger-answer.ts";

const OTHER = `mail-tagger@${"ab".repeat(32)}`;
const isolate = { policy: 7, model: MODEL, candidate: null };
const SAME: Deployed = {
  policy: { name: "7", version: 7, text: JSON.stringify({ version: 7, model: MODEL }), problems: [] },
  isolates: [isolate, isolate],
  models: { edge: [{ model: MODEL, texts: 900 }], "us-east-1": [{ model: MODEL, texts: 100 }] },
  workers: ["8f14e45f-ceea"],
  configuredModel: OTHER,
  originProblems: { "us-east-1": null },
  pinnedKeys: { edge: "0011", origin: "0011" },
  where: " --remote --env production",
};

describe("drift", () => {
  it("is none where policy, isolates, origins and keys have the same", () => {
    expect(driftOf(SAME)).toEqual([]);
  });

  it.each<[string, Partial<Deployed>, RegExp, string]>([
    [
      "a policy that is not valid",
      { policy: { ...SAME.policy, problems: ["edge.share: 1000"] } },
      /not valid: edge\.share: 1000/,
      "npx spillway policy edit --remote --env production",
    ],
    [
      "an older version in an isolate",
      { isolates: [isolate, { ...isolate, policy: 6 }] },
      /1 of 2 isolates have version 6 of the policy; 7 is stored/,
      "npx spillway policy history --remote --env production",
    ],
    [
      "another model in an isolate",
      { isolates: [isolate, { ...isolate, model: OTHER }] },
      /1 of 2 isolates run mail-tagger@abababababab; the policy or MODEL names mail-tagger@9f2c9f2c9f2c/,
      "model publish",
    ],
    [
      "another model at an origin",
      { models: { ...SAME.models, "us-east-1": [{ model: OTHER, texts: 9 }] } },
      /origin us-east-1 answers with mail-tagger@abababababab; the edge runs mail-tagger@9f2c9f2c9f2c/,
      `npx spillway policy set model ${OTHER} --remote --env production`,
    ],
    [
      "an origin that the gateway does not use",
      { originProblems: { "us-east-1": "other labels" } },
      /does not use the origin us-east-1: other labels/,
      "docs/guide/deploy-origin.md",
    ],
    [
      "another pinned key",
      { pinnedKeys: { edge: "0011", origin: "2233" } },
      /pins the key 0011, the origin 2233/,
      "ModelPublicKey",
    ],
    [
      "two versions of the gateway",
      { workers: ["8f14e45f-ceea", "c9f0f895-fb98"] },
      /2 versions of the gateway.*8f14e45f, c9f0f895/,
      "npx wrangler deployments status --env production",
    ],
  ])("is shown for %s, with its reason and its fix", (_, parts, what, fix) => {
    const [found, ...others] = driftOf({ ...SAME, ...parts });
    expect(others).toEqual([]);
    expect(found?.what).toMatch(what);
    expect(found?.why).toMatch(/\.$/);
    expect(found?.fix).toContain(fix);
  });

  it("is none for an isolate that tries a candidate, or has no model yet", () => {
    const trying = { ...isolate, model: OTHER, candidate: { model: OTHER, state: "ready" } };
    expect(driftOf({ ...SAME, isolates: [trying, { ...isolate, model: "" }] })).toEqual([]);
  });
});

it("the terminal shows the sentence, the figures, what is deployed and the drift, within its width", () => {
  const answer = answerOf(experimentDays({ textsPerDay: 1500 }));
  const nowMs = START_MS + DAY_MS;
  const report = reportOf({ answer, nowMs });
  const by = { author: "Ann", message: null, timeIso: null };
  const inForce = { name: "7", version: 7, text: SAME.policy.text, ...by, rejected: null };
  const policy = { ...SAME.policy, sha256: "", ...by, inForce };
  const facts = { nowMs, range: RANGES[1], report, month: report, isolates: [], policy, rollout: null };
  const deployed = { ...SAME, pinnedKeys: { edge: "0011", origin: "2233" } };
  const gathered = { facts, deployed, notes: ["The gateway's /readyz was not read."] };
  const lines = statusLines(gathered, driftOf(deployed), { paint: (_, text) => text, columns: 80 });
  const text = lines.join("\n");
  for (const part of [
    /^ {2}The policy sends 100 %/,
    /Last 24 hours, by arm/,
    /model in isolates +mail-tagger@9f2c9f2c9f2c/,
    /! The gateway pins the key 0011/,
    /→ set ModelPublicKey/,
    /Not known\n {2}The gateway's \/readyz/,
  ])
    expect(text).toMatch(part);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});
