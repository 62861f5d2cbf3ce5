/** Two sides with different labels, as after a rollout by policy alone: seen in /readyz and in the trace, and routed as ever. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { app } from "../../../gateway/app.ts";
import { IsolateTelemetry } from "../../../gateway/telemetry/isolate-telemetry.ts";
import { telemetrySettings, traced } from "../../../gateway/telemetry/traced.ts";
import type { World } from "../../../gateway/world.ts";
import { publish } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";
import { aCall, aWorld, classify, handClock, ready, routingOf, setPolicy, settled } from "../support/world.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "see you at lunch tomorrow ".repeat(200);
/** As the fault origin calls itself. */
const ORIGIN_MODEL = `mail-tagger@${"f".repeat(64)}`;
const LABELS_DIFFER = "labels differ from the edge's: origin [no, yes], edge [ham, spam]";
const TRACES = "http://traces.test/v1/traces";
/** Of any signal. */
const BACKEND = "http://traces.test/";

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

/** With a warm edge, unless it is told to serve what is not in the bucket. */
const worldWith = (behaviour: string, { clock = handClock(), serving = modelId } = {}) =>
  ready(aWorld({ modelId: serving, originUrl: `${inject("faultOrigin")}${behaviour}`, clock, engine }));

async function originInReadyz(world: World): Promise<unknown> {
  const readyz = await app.fetch(new Request("http://gateway/readyz"), { world, call: aCall() });
  const { origins }: { origins: Record<string, unknown> } = await readyz.json();
  return origins["default"];
}

/** The attributes of the request's own span, as they were sent to the trace backend. */
async function traceOf(world: World, text: string): Promise<Record<string, unknown>> {
  const exported: string[] = [];
  const fetchAny = globalThis.fetch;
  const backend = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (!String(input).startsWith(BACKEND)) return fetchAny(input, init);
    if (input === TRACES) exported.push(String(init?.body));
    return new Response();
  });
  const call = aCall();
  const settings = telemetrySettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://traces.test" }, ["/v1/classify"]);
  const atOnce = { nowMs: () => Date.now(), wait: () => Promise.resolve() };
  const telemetry = new IsolateTelemetry({ clock: atOnce, readGauges: () => {} });
  const handler = traced<object>(
    { fetch: (request) => app.fetch(request, { world, call }) },
    () => settings,
    telemetry,
  );
  const request = new Request<unknown, IncomingRequestCfProperties>("http://gateway/v1/classify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: text }),
  });
  const context = createExecutionContext();
  const response = await handler.fetch?.(request, {}, context);
  expect(response?.status).toBe(200);
  await waitOnExecutionContext(context);
  backend.mockRestore();
  return rootAttributes(exported[0] ?? "");
}

interface Span {
  kind: number;
  attributes: { key: string; value: { stringValue?: string } }[];
}

const SERVER = 2;

function rootAttributes(json: string): Record<string, unknown> {
  const { resourceSpans }: { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] } = JSON.parse(json);
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans);
  const root = spans.find(({ kind }) => kind === SERVER);
  return Object.fromEntries((root?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]));
}

describe("/readyz", () => {
  it("names no model of an origin that has not answered, and that of the last answer since", async () => {
    const world = await worldWith("ok");
    expect(await originInReadyz(world)).toMatchObject({ model: null, problem: null });
    await classify(world, LONG);
    expect(await originInReadyz(world)).toMatchObject({ model: ORIGIN_MODEL, problem: null });
  });

  it.each([
    ["other-labels", LABELS_DIFFER],
    [
      "other-problem-type",
      "problem type differs from the edge's: origin multi_label_classification, edge single_label_classification",
    ],
  ])("says how an origin of %s differs from the edge", async (behaviour, problem) => {
    const world = await worldWith(behaviour);
    await classify(world, LONG);
    expect(await originInReadyz(world)).toMatchObject({ model: ORIGIN_MODEL, problem });
  });

  it("says so after a rollout by policy, before the origin is asked again", async () => {
    const clock = handClock();
    const world = await worldWith("ok", { clock });
    await classify(world, LONG);
    const model = await publish((manifest) => {
      manifest.labels = ["keep", "drop"];
    });
    await setPolicy({ model });
    clock.moveMs(5000);
    await expect
      .poll(() => originInReadyz(world))
      .toMatchObject({
        problem: "labels differ from the edge's: origin [ham, spam], edge [keep, drop]",
      });
  });

  it("learns it from a shadow too", async () => {
    await setPolicy({ shadow: { share: 100 } });
    const world = await worldWith("other-labels");
    expect(routingOf(await classify(world, SHORT)).route).toBe("edge");
    await settled();
    expect(await originInReadyz(world)).toMatchObject({ problem: LABELS_DIFFER });
  });
});

describe("the trace", () => {
  it("of a request that such an origin answered has a code", async () => {
    const world = await worldWith("other-labels");
    expect(await traceOf(world, LONG)).toMatchObject({
      "spillway.route": "origin",
      "spillway.origin.problem": "labels-differ",
    });
  });

  it("has none where the edge answers, where the labels are the same, and where the edge's are not known", async () => {
    const without = (attributes: Record<string, unknown>) => expect(attributes["spillway.origin.problem"]);
    const world = await worldWith("other-labels");
    await classify(world, LONG);
    without(await traceOf(world, SHORT)).toBeUndefined();
    without(await traceOf(await worldWith("ok"), LONG)).toBeUndefined();
    const unpublished = await worldWith("other-labels", { serving: `mail-tagger@${"0".repeat(64)}` });
    without(await traceOf(unpublished, SHORT)).toBeUndefined();
  });
});

it("an origin with other labels is routed to as any other: a fallback and its answer are not prevented", async () => {
  const world = await worldWith("other-labels");
  await classify(world, LONG);
  engine.broken = true;
  const response = await classify(world, SHORT);
  expect(routingOf(response)).toEqual({ status: 200, route: "origin", because: "edge-failed" });
  const [row]: { label: string }[][] = await response.json();
  expect(row?.map(({ label }) => label)).toEqual(["no", "yes"]);
});
