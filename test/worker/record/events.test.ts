/** Events of an isolate are reported when they happen, by the part of the gateway in which they happen. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
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
    expect(events).toEqual([
      {
        kind: "edge-load",
        result: "ready",
        reason: null,
        model: modelId,
        loadMs: expect.any(Number),
        heapBytes: expect.any(Number),
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
    expect(events.map(({ kind }) => kind)).toEqual(["edge-load"]);
    expect(events[0]).toMatchObject({ result: "rejected", reason: expect.stringMatching(/./), heapBytes: 0 });
  });
});

describe("a text", () => {
  it.each([
    ["at the edge", SHORT, "ok", false, [{ kind: "edge-run", outcome: "ok" }, paid("edge", "first")]],
    [
      "at the origin",
      LONG,
      "ok",
      false,
      [{ kind: "origin-call", origin: "default", outcome: "ok" }, paid("origin", "first")],
    ],
    [
      "that the origin refuses",
      LONG,
      "http-500",
      false,
      [{ kind: "origin-call", outcome: "http-500" }, paid("origin", "first")],
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
      ],
    ],
  ])("%s is reported by each side that had it, with its cost", async (_, text, behaviour, broken, expected) => {
    const { gateway, events } = await observed(behaviour);
    engine.broken = broken;
    await classify(gateway, text);
    expect(events.slice(1)).toMatchObject(expected);
  });

  it("that is shadowed is reported as a comparison, and neither as a run nor as a call", async () => {
    await setPolicy({ shadow: { share: 100 } });
    const { gateway, of } = await observed("ok");
    await classify(gateway, SHORT);
    await settled();
    expect(of("shadow")).toEqual([
      { kind: "shadow", side: "origin", agrees: false, scoreDistance: expect.any(Number) },
    ]);
    expect(of("origin-call")).toEqual([]);
    expect(of("attempt-paid")).toMatchObject([paid("edge", "first"), paid("origin", "shadow")]);
  });
});

function paid(side: SideName, attemptKind: AttemptKind) {
  return { kind: "attempt-paid", side, attemptKind, costUsd: expect.any(Number) };
}
