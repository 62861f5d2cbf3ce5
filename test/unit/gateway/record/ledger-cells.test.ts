import { describe, expect, it } from "vitest";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { SERIES_FIELDS, type Series } from "../../../../formats/ledger/series.ts";
import type { IsolateEvent, TextEnded } from "../../../../gateway/record/events.ts";
import { countInLedger } from "../../../../gateway/record/ledger-cells.ts";
import type { Outcome } from "../../../../gateway/record/outcome.ts";

/** The fields of each series that apply, with its `n` and `sum`. */
function counted(...events: readonly IsolateEvent[]) {
  const cells = new Cells();
  for (const event of events) countInLedger(event, cells, "v1");
  const fields = (series: Series) =>
    SERIES_FIELDS.flatMap((field) => (series[field] === "" ? [] : [`${field} ${series[field]}`]));
  return [...cells].map(({ series, cell }) => [...fields(series), cell.n, cell.sum].join(", "));
}

const text: TextEnded = {
  kind: "text-ended",
  ...{ arm: "outside-a", side: "origin", origin: "eu", because: "outside-share", outcome: "ok" },
  ...{ tookMs: 20, queueMs: null, policyVersion: 7, model: "mail@1", assignedModel: null, country: "DE" },
};
const outcome: Outcome = {
  ...{
    requestId: "1",
    status: 200,
    policyVersion: 7,
    policyProblem: null,
    edgeProblem: null,
    edgeCandidate: null,
    refusal: null,
    inputs: [],
  },
  ownBilled: [
    { usage: "worker-requests", quantity: 1 },
    { usage: "gateway-cpu-us", quantity: 1000 },
  ],
  ...{ ownCostUsd: 0, costUsd: 0 },
};

describe("the ledger counts", () => {
  it("a text by its arm, side, reason, version and model, and once more by country, in µs", () => {
    expect(counted(text, text)).toEqual([
      "kind text, arm outside-a, side origin, origin eu, because outside-share, outcome ok, policy 7, model mail@1, worker v1, 2, 40000",
      "kind country, arm outside-a, side origin, outcome ok, country DE, 2, 40000",
    ]);
  });

  it("the wait of a text that the edge answered", () => {
    expect(counted({ ...text, arm: "inside", side: "edge", origin: null, queueMs: 3 })).toContain(
      "kind wait, arm inside, policy 7, model mail@1, 1, 3000",
    );
  });

  it("a text that no side answered by its failure", () => {
    const failed = { ...text, side: null, origin: null, model: null, country: null } as const;
    expect(counted({ ...failed, because: "both-failed", outcome: "failed:both-failed" })).toEqual([
      "kind text, arm outside-a, because both-failed, outcome failed:both-failed, policy 7, worker v1, 1, 20000",
      "kind country, arm outside-a, 1, 20000",
    ]);
  });

  it("a request with what it is billed for, and a refused one by its reason", () => {
    const refused = {
      ...outcome,
      policyVersion: null,
      refusal: { code: "rate-limited", reason: "key-rate" },
      ownBilled: [],
    };
    expect(
      counted({ kind: "request-ended", outcome, tookMs: 2 }, { kind: "request-ended", outcome: refused, tookMs: 1 }),
    ).toEqual([
      "kind request, outcome ok, worker v1, 1, 2000",
      "kind usage, because worker-requests, policy 7, 1, 1",
      "kind usage, because gateway-cpu-us, policy 7, 1, 1000",
      "kind request, because key-rate, outcome rate-limited, worker v1, 1, 1000",
    ]);
  });

  it("what attempts and loads are billed for, and loads by their result", () => {
    const billed = [{ usage: "origin-mib-ms", quantity: 3008 * 650 }] as const;
    const paid = { kind: "attempt-paid", side: "origin", origin: "eu", attemptKind: "hedge", arm: "inside" } as const;
    expect(
      counted(
        { ...paid, policyVersion: 7, billed, costUsd: 0 },
        { ...paid, attemptKind: "shadow", policyVersion: 7, billed, costUsd: 0 },
        { kind: "edge-load", result: "ready", reason: null, model: "mail@1", loadMs: 400, heapBytes: 1 },
        { kind: "edge-load-paid", model: "mail@1", billed: [{ usage: "load-cpu-us", quantity: 300_000 }] },
      ),
    ).toEqual([
      "kind usage, arm inside, side origin, origin eu, because origin-mib-ms, policy 7, 1, 1955200",
      "kind usage, side origin, origin eu, because origin-mib-ms, policy 7, 1, 1955200",
      "kind load, outcome ready, model mail@1, 1, 400000",
      "kind usage, because load-cpu-us, model mail@1, 1, 300000",
    ]);
  });

  it("a comparison of both sides once per text", () => {
    const shadow = {
      kind: "shadow",
      side: "origin",
      arm: "inside",
      policyVersion: 7,
      model: "mail@1",
      scoreDistance: 0,
    } as const;
    expect(
      counted(
        { ...shadow, agrees: true, isRepeated: false },
        { ...shadow, agrees: true, isRepeated: true },
        { ...shadow, agrees: false, isRepeated: false },
      ),
    ).toEqual([
      "kind shadow, arm inside, outcome agrees, policy 7, model mail@1, 1, 0",
      "kind shadow, arm inside, outcome differs, policy 7, model mail@1, 1, 0",
    ]);
  });

  it("a text once more by the model of its isolate while a candidate is tried, whichever side answered, and rejections by reason", () => {
    const [, , assigned] = counted({ ...text, assignedModel: "mail@2" });
    expect(assigned).toBe("kind assigned, arm outside-a, outcome ok, policy 7, model mail@2, 1, 20000");
    expect(counted({ kind: "candidate-rejected", model: "mail@2", reason: "golden-logits", policyVersion: 7 })).toEqual(
      ["kind rejection, because golden-logits, policy 7, model mail@2, 1, 0"],
    );
  });

  it("no field that is not plain text: it becomes `other`", () => {
    expect(counted({ ...text, model: "Grüße", country: "DE\n" })).toEqual([
      "kind text, arm outside-a, side origin, origin eu, because outside-share, outcome ok, policy 7, model other, worker v1, 1, 20000",
      "kind country, arm outside-a, side origin, outcome ok, country other, 1, 20000",
    ]);
  });
});
