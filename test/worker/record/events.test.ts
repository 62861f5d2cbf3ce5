/** Events of an isolate are reported when they happen, by the part of the gateway in which they happen. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { RecordedArm } from "../../../formats/ledger/series.ts";
import { objectKey } from "../../../formats/model-package/names.ts";
import type { AttemptKind, IsolateEvent } from "../../../gateway/record/events.ts";
import type { SideName } from "../../../gateway/sides.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { aGateway, classify, handClock, ready, setPolicy, settled } from "../support/gateway.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  engine.broken = false;
  await settled();
  await env.POLICIES.delete("policy");
});

/** A gateway with a warm edge; `events` holds what it has reported. */
async function observed(behaviour: string, serving = modelId) {
  const events: IsolateEvent[] = [];
  const originUrl = `${inject("faultOrigin")}${behaviour}`;
  const parts = { modelId: serving, originUrl, clock: handClock(), engine };
  const gateway = await ready(aGateway({ ...parts, report: (event) => events.push(event) }));
  return { gateway, events, of: (kind: IsolateEvent["kind"]) => events.filter((event) => event.kind === kind) };
}

describe("a load of the edge model", () => {
  it("is reported with its time and its heap", async () => {
    const { events } = await observed("ok");
    await settled();
    expect(events).toEqual([
      {
        kind: "edge-load",
        result: "ready",
        reason: null,
        model: modelId,
        loadMs: expect.any(Number),
        heapBytes: expect.any(Number),
      },
      {
        kind: "edge-load-paid",
        model: modelId,
        billed: [
          { usage: "load-cpu-us", quantity: expect.any(Number) },
          // Signature, manifest, two of the tokenizer, weights.
          { usage: "r2-reads", quantity: 5 },
          { usage: "r2-lists", quantity: 1 },
        ],
      },
    ]);
  });

  it("that is rejected is reported with its reason, once", async () => {
    const unsigned = await publish((manifest) => {
      manifest.version += 1;
    });
    await env.MODELS.delete(objectKey(unsigned, "model.sig"));
    const { gateway, events } = await observed("ok", unsigned);
    await ready(gateway);
    expect(events.map(({ kind }) => kind)).toEqual(["edge-load", "edge-load-paid"]);
    expect(events[0]).toMatchObject({ result: "rejected", reason: expect.stringMatching(/./), heapBytes: 0 });
  });
});

const answered = { kind: "request-ended", outcome: { status: 200, refusal: null } };

/** What a text's own request reports, without the load before it. */
const ofText = (events: readonly IsolateEvent[]) =>
  events.filter(({ kind }) => !["edge-load", "edge-load-paid"].includes(kind));

describe("a text", () => {
  it.each([
    [
      "at the edge",
      SHORT,
      "ok",
      false,
      [{ kind: "edge-run", outcome: "ok" }, paid("edge", "first"), ended("inside", "edge", "within-share"), answered],
    ],
    [
      "at the origin",
      LONG,
      "ok",
      false,
      [
        { kind: "origin-call", origin: "default", outcome: "ok" },
        paid("origin", "first"),
        { ...ended("ineligible", "origin", "too-long"), origin: "default", queueMs: null },
        answered,
      ],
    ],
    [
      "that the origin refuses",
      LONG,
      "http-500",
      false,
      [
        { kind: "origin-call", outcome: "http-500" },
        paid("origin", "first"),
        { ...ended("ineligible", null, "http-500"), outcome: "failed:http-500", model: null },
        { kind: "request-ended", outcome: { status: 503, refusal: { code: "unavailable", reason: "http-500" } } },
      ],
    ],
    [
      "that the edge fails on",
      SHORT,
      "ok",
      true,
      [
        { kind: "edge-run", outcome: "engine-error" },
        paid("edge", "first"),
        { kind: "origin-call", outcome: "ok" },
        paid("origin", "fallback"),
        ended("inside", "origin", "edge-failed"),
        answered,
      ],
    ],
  ])(
    "%s is reported by each side that had it, with its cost, and at its end",
    async (_, text, behaviour, broken, all) => {
      const { gateway, events } = await observed(behaviour);
      engine.broken = broken;
      await classify(gateway, text);
      expect(ofText(events)).toMatchObject(all);
    },
  );

  it("that is shadowed is reported as a comparison, and neither as a run nor as a call", async () => {
    await setPolicy({ shadow: { share: 100 } });
    const { gateway, of } = await observed("ok");
    await classify(gateway, SHORT);
    await settled();
    expect(of("shadow")).toEqual([
      {
        kind: "shadow",
        ...{ side: "origin", agrees: false, scoreDistance: expect.any(Number) },
        ...{ arm: "inside", policyVersion: 0, model: modelId, isRepeated: false },
      },
    ]);
    expect(of("origin-call")).toEqual([]);
    expect(of("attempt-paid")).toMatchObject([paid("edge", "first"), paid("origin", "shadow")]);
  });
});

it("a text that was compared before is marked in its next comparison", async () => {
  await setPolicy({ shadow: { share: 100 } });
  const { gateway, of } = await observed("ok");
  for (const text of [SHORT, "another text", SHORT]) {
    await classify(gateway, text);
    await settled();
  }
  expect(of("shadow")).toMatchObject([{ isRepeated: false }, { isRepeated: false }, { isRepeated: true }]);
});

it("a text that a cold isolate sent to the origin has its arm by the tokens that the origin counted", async () => {
  const events: IsolateEvent[] = [];
  const originUrl = `${inject("faultOrigin")}ok`;
  const gateway = aGateway({ modelId, originUrl, clock: handClock(), engine, report: (event) => events.push(event) });
  await classify(gateway, SHORT);
  expect(events.filter(({ kind }) => kind === "text-ended")).toMatchObject([
    { arm: "inside", side: "origin", because: "edge-cold" },
  ]);
  // Its attempt was over before the arm was known, and counts for it all the same.
  expect(events.filter(({ kind }) => kind === "attempt-paid")).toMatchObject([{ arm: "inside", side: "origin" }]);
  await settled();
});

function ended(arm: RecordedArm, side: SideName | null, because: string) {
  return { kind: "text-ended", arm, side, because, tookMs: expect.any(Number), policyVersion: 0 };
}

function paid(side: SideName, attemptKind: AttemptKind) {
  return { kind: "attempt-paid", side, attemptKind, costUsd: expect.any(Number) };
}
