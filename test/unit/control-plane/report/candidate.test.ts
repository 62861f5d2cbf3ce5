import { expect, it } from "vitest";
import { candidateFigures } from "../../../../control-plane/report/candidate.ts";
import type { IsolateRow } from "../../../../formats/ledger/answer.ts";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { type Series, seriesOf } from "../../../../formats/ledger/series.ts";

const [NEW, OLD, ORIGIN] = ["tagger@2", "tagger@1", "tagger@0"];
const version = { policy: "8" };

function add(cells: Cells, kind: Series["kind"], fields: Partial<Omit<Series, "kind">>, n: number, ms = 10): void {
  for (let count = 0; count < n; count++) cells.observe(seriesOf(kind, { ...version, ...fields }), ms);
}

const isolate = (candidate: IsolateRow["candidate"], policy = 8): IsolateRow => ({
  ...{ isolate: "a", shard: "weur", seenMs: 1, colo: "FRA", policy, model: OLD, edgeState: "ready" },
  ...{ candidate, breakers: {}, queuedTexts: 0 },
});

it("one version's figures: texts by the model of their isolate, what each model answered and how it agrees, and rejections", () => {
  const cells = new Cells();
  const inside = { arm: "inside", outcome: "ok" };
  add(cells, "assigned", { ...inside, model: NEW }, 5, 20);
  add(cells, "assigned", { ...inside, model: NEW, outcome: "failed:both-failed" }, 1);
  add(cells, "assigned", { ...inside, model: OLD }, 7);
  add(cells, "text", { ...inside, side: "edge", model: NEW }, 4);
  add(cells, "text", { ...inside, side: "origin", model: ORIGIN }, 1);
  add(cells, "text", { ...inside, side: "edge", model: OLD }, 7);
  add(cells, "shadow", { ...inside, model: NEW, outcome: "agrees" }, 3);
  add(cells, "shadow", { ...inside, model: NEW, outcome: "differs" }, 1);
  add(cells, "shadow", { ...inside, model: OLD, outcome: "agrees" }, 6);
  cells.count(seriesOf("rejection", { ...version, because: "golden-logits", model: NEW }), 1);
  // Of no concern: other arms, versions and candidates.
  add(cells, "assigned", { ...inside, arm: "ineligible", model: NEW }, 9);
  for (const kind of ["assigned", "text", "shadow"] as const)
    add(cells, kind, { ...inside, policy: "7", model: NEW }, 9);
  cells.count(seriesOf("rejection", { ...version, because: "old", model: OLD }), 1);

  const rejected = { model: NEW, state: "rejected", reason: "golden-logits" };
  const isolates = [
    isolate(rejected),
    isolate(rejected),
    isolate({ ...rejected, reason: "out-of-memory" }),
    isolate({ ...rejected, state: "selected", reason: null }),
    isolate({ ...rejected, model: OLD }),
    isolate(rejected, 7),
    isolate(null),
  ];
  const figures = candidateFigures({ cells: [...cells], isolates }, { policy: "8", candidate: NEW });
  expect(figures.candidate).toMatchObject({
    arm: { n: 6, failures: 1, times: { n: 6 } },
    answered: 4,
    comparisons: { compared: 4, disagreed: 1 },
  });
  expect(figures.incumbent).toMatchObject({
    arm: { n: 7, failures: 0 },
    answered: 7,
    comparisons: { compared: 6, disagreed: 0 },
  });
  expect(figures.rejections).toEqual([
    { reason: "golden-logits", isolates: 2 },
    { reason: "out-of-memory", isolates: 1 },
  ]);
});
