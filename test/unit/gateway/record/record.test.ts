import { describe, expect, it } from "vitest";
import { outcomeSentence } from "../../../../gateway/record/logs.ts";
import { countOutcome } from "../../../../gateway/record/metrics.ts";
import type { InputOutcome, Outcome } from "../../../../gateway/record/outcome.ts";
import { createReport } from "../../../../gateway/record/record.ts";
import { Meter } from "../../../../gateway/telemetry/meter.ts";

const input: InputOutcome = {
  side: "edge",
  origin: null,
  arm: "inside",
  because: "within-share",
  tokens: 8,
  model: "mail@1",
  firstFailure: null,
  originProblem: null,
  queueMs: 0,
  runMs: 9,
  tookMs: 12,
};
const answered: Outcome = {
  requestId: "1",
  status: 200,
  policyVersion: 7,
  policyProblem: null,
  edgeProblem: null,
  edgeCandidate: null,
  refusal: null,
  inputs: [input],
  ownBilled: [{ usage: "worker-requests", quantity: 1 }],
  ownCostUsd: 1,
  costUsd: 2,
};
const origin: InputOutcome = { ...input, side: "origin", because: "too-long" };
const refusal = { code: "malformed", reason: "invalid-json" };

/** The attributes of the one point of `spillway.requests`. */
function pointOf(outcome: Outcome): Record<string, unknown> {
  const meter = new Meter();
  countOutcome(outcome, meter);
  const metric = meter.take(0, 1).metrics.find(({ name }) => name === "spillway.requests");
  const points = metric && "sum" in metric ? metric.sum.dataPoints : [];
  expect(points).toHaveLength(1);
  return Object.fromEntries((points[0]?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
}

describe("a request", () => {
  it.each<[string, Partial<Outcome>, string, Record<string, string>]>([
    ["at the edge", {}, "edge, within-share", { "spillway.route": "edge", "spillway.because": "within-share" }],
    [
      "with texts on both sides",
      { inputs: [input, origin] },
      "mixed, within-share, too-long",
      { "spillway.route": "mixed", "spillway.because": "mixed" },
    ],
    [
      "that was refused",
      { status: 400, refusal, inputs: [] },
      "refused 400 malformed: invalid-json",
      { "spillway.refusal": "malformed" },
    ],
    [
      "that was refused after one of its texts was answered",
      { status: 503, refusal: { code: "unavailable", reason: "edge-busy" } },
      "refused 503 unavailable: edge-busy",
      { "spillway.refusal": "unavailable" },
    ],
  ])("%s has one sentence and one point", (_, changed, sentence, attributes) => {
    expect(outcomeSentence({ ...answered, ...changed })).toBe(sentence);
    expect(pointOf({ ...answered, ...changed })).toEqual(attributes);
  });
});

describe("an event", () => {
  it("is counted, and logged where it has a log record", () => {
    const logged: string[] = [];
    const meter = new Meter();
    const report = createReport({ count: (update) => update(meter), log: ({ sentence }) => logged.push(sentence) });
    report({ kind: "edge-load", result: "ready", reason: null, model: "mail@1", loadMs: 512, heapBytes: 7 });
    report({ kind: "edge-run", outcome: "ok", queueMs: 0, runMs: 9 });
    expect(logged).toEqual(["edge model ready in 512 ms"]);
    const names = meter.take(0, 1).metrics.map(({ name }) => name);
    expect(names).toEqual([
      "spillway.edge.loads",
      "spillway.edge.load.duration",
      "spillway.edge.run.duration",
      "spillway.edge.queue.duration",
    ]);
  });
});
