/** What the whole Worker says of itself, over real sockets to a real receiver, under faults: all of it, once, and nothing unheard of. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { INSTRUMENTS } from "../../../gateway/telemetry/instruments.ts";
import { LOG_EVENTS } from "../../../gateway/telemetry/log-events.ts";
import { startFaultOrigin } from "../../support/fault-origin.ts";
import { attribute, OtlpReceiver, pointsOf, SERVER, sumOf } from "../telemetry/otlp-receiver.ts";
import { type GatewayWithEdge, startGatewayWithEdge } from "./gateway-with-edge.ts";

const SHORT = "see you at lunch";
const SPAM = "WIN a free prize now, click here";
const LONG = "see you at lunch tomorrow ".repeat(200);

const fault = await startFaultOrigin();
afterAll(() => {
  fault.server.closeAllConnections();
  fault.server.close();
});

const policy = {
  version: 3,
  origins: { faulty: { url: `${fault.url}programmed?faulty`, region: "us-east-1" } },
  origin: { timeoutMs: 2000 },
  breaker: { origin: { consecutive: 5, minCalls: 1000, slowMs: 30_000, openMs: 1000 } },
  retryBudget: { percent: 100, minPerSecond: 1000 },
  shadow: { share: 5 },
};

const program = (behaviour: string) => fetch(`${fault.url}programmed?faulty`, { method: "PUT", body: behaviour });

function json(inputs: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ inputs }) };
}

/** One of each kind, as often as its weight says. */
const MIX: readonly [path: string, init: RequestInit, weight: number][] = [
  ["/v1/classify", json(SHORT), 10],
  ["/v1/classify", json(SPAM), 5],
  ["/v1/classify", json(LONG), 10],
  ["/v1/classify", json([SHORT, LONG]), 5],
  ["/v1/classify", json([]), 4],
  ["/v1/classify", { method: "POST", headers: { "content-type": "application/json" }, body: "{" }, 4],
  ["/v1/classify", { method: "POST", headers: { "content-type": "text/plain" }, body: SHORT }, 4],
  ["/v1/classify", {}, 4],
  ["/elsewhere", {}, 4],
];
const KINDS = MIX.flatMap(([path, init, weight]) => Array.from({ length: weight }, () => ({ path, init })));

/** Sends `requests` of all kinds, `atOnce` together, each in a separate sampled trace; resolves to the trace ids. */
async function sendMixed(gateway: GatewayWithEdge, requests: number, atOnce = 20): Promise<string[]> {
  const traceIds = Array.from({ length: requests }, () => crypto.randomUUID().replaceAll("-", ""));
  const rest = traceIds.entries();
  const send = async () => {
    for (const [index, traceId] of rest) {
      const kind = KINDS[(index * 7) % KINDS.length];
      const headers = { ...kind?.init.headers, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      await (await gateway.fetch(kind?.path ?? "/", { ...kind?.init, headers })).text();
      if (index % 200 === 30) await program("http-500");
      if (index % 200 === 60) await program("ok");
    }
  };
  await Promise.all(Array.from({ length: atOnce }, send));
  return traceIds;
}

async function ready(gateway: GatewayWithEdge): Promise<void> {
  const readyz = async (): Promise<unknown> => (await gateway.fetch("/readyz")).json();
  await vi.waitFor(async () => expect(await readyz()).toMatchObject({ edge: { state: "ready" } }), { timeout: 20_000 });
}

describe.each([
  ["http/json", 1_000],
  ["http/protobuf", 200],
])("over %s", (protocol, requests) => {
  const receiver = new OtlpReceiver();
  let gateway: GatewayWithEdge;
  beforeAll(async () => {
    await program("ok");
    const endpoint = await receiver.listen();
    const vars = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
    gateway = await startGatewayWithEdge(vars, policy);
    await ready(gateway);
  }, 60_000);
  afterAll(async () => {
    await gateway?.close();
    await receiver.close();
  });

  it(`${requests} mixed requests with faults leave one root span and one log record each, and are counted once`, async () => {
    const counted = () => sumOf(receiver.metrics, "spillway.requests");
    const sent: string[] = [];
    for (const half of [1, 2]) {
      sent.push(...(await sendMixed(gateway, requests / 2)));
      const soMany = (half * requests) / 2;
      await receiver.when(() => counted() >= soMany && receiver.logs.filter(isOfRequest).length >= soMany, 30_000);
    }
    const traceIds = sent.toSorted();

    const roots = receiver.spans.filter(({ kind, parentSpanId }) => kind === SERVER && parentSpanId === PARENT);
    expect(roots.map(({ traceId }) => traceId).toSorted()).toEqual(traceIds);
    const logs = receiver.logs.filter(isOfRequest);
    expect(logs.map(({ traceId = "" }) => traceId).toSorted()).toEqual(traceIds);
    expect(new Set(logs.map(({ spanId }) => spanId))).toEqual(new Set(roots.map(({ spanId }) => spanId)));
    expect(counted()).toBe(requests);
    expect(sumOf(receiver.metrics, "http.server.request.duration")).toBe(requests);
    expect(receiver.exports.metrics).toBeGreaterThan(1);

    const withStatus = (status: string) =>
      roots.filter((root) => attribute(root, "http.response.status_code") === status).length;
    for (const status of ["200", "400", "404", "405", "415", "422"]) {
      expect(withStatus(status)).toBeGreaterThan(0);
      const counted = sumOf(receiver.metrics, "http.server.request.duration", { "http.response.status_code": status });
      expect([status, counted]).toEqual([status, withStatus(status)]);
    }
    // A refused request's texts may have been answered before the one that could not be.
    const by = (route: string | undefined, refusal: string | undefined) =>
      roots.filter(
        (root) => attribute(root, "spillway.refusal") === refusal && attribute(root, "spillway.route") === route,
      );
    for (const route of ["edge", "origin", "mixed"]) {
      expect(by(route, undefined).length).toBeGreaterThan(0);
      const counted = sumOf(receiver.metrics, "spillway.requests", { "spillway.route": route });
      expect([route, counted]).toEqual([route, by(route, undefined).length]);
    }
    const errors = logs.filter(({ severityText }) => severityText === "ERROR").map(({ traceId }) => traceId);
    expect(errors.toSorted()).toEqual(
      roots
        .filter((root) => Number(attribute(root, "http.response.status_code")) >= 500)
        .map(({ traceId }) => traceId)
        .toSorted(),
    );
  }, 120_000);

  it("the metric of cost is the sum over every try's span, comparisons and losers among them, and over the requests", async () => {
    const usdOf = (span: (typeof receiver.spans)[number]) => Number(attribute(span, "spillway.cost.usd") ?? 0);
    const tries = receiver.spans.filter(({ name }) => name === "edge inference" || name === "POST");
    const spent = (part: string, kind: string) =>
      tries
        .filter((span) => (span.name === "POST" ? "origin" : "edge") === part)
        .filter((span) => (attribute(span, "spillway.try") ?? "first") === kind)
        .reduce((usd, span) => usd + usdOf(span), 0);
    const exported = (part: string, kind?: string) =>
      sumOf(receiver.metrics, "spillway.cost", {
        "spillway.cost.part": part,
        ...(kind !== undefined && { "spillway.try": kind }),
      });
    const parts = ["edge", "origin"].flatMap((part) =>
      ["first", "fallback", "shadow"].map((kind) => [part, kind] as const),
    );
    // The last shadows come after the last answer.
    await receiver.when(() => parts.every(([part, kind]) => isNear(exported(part, kind), spent(part, kind))), 20_000);
    expect(spent("edge", "first")).toBeGreaterThan(0);
    // Few requests may have had no shadow by chance.
    if (requests >= 1000) expect(spent("origin", "shadow") + spent("edge", "shadow")).toBeGreaterThan(0);

    const roots = receiver.spans.filter(({ kind }) => kind === SERVER);
    const total =
      roots.reduce((usd, root) => usd + usdOf(root), 0) + spent("edge", "shadow") + spent("origin", "shadow");
    expect(exported("gateway") + exported("edge") + exported("origin")).toBeCloseTo(total, 9);
  }, 40_000);

  it("a log record says in a sentence what became of the request, and has its root span's facts", async () => {
    const root = receiver.spans.find(
      (span) => span.kind === SERVER && attribute(span, "spillway.because") === "too-long",
    );
    const log = receiver.logs.find(({ spanId }) => spanId === root?.spanId);
    expect(log).toMatchObject({ body: { stringValue: "origin, too-long" }, severityText: "INFO", severityNumber: 9 });
    expect(log?.attributes).toEqual(root?.attributes);
    expect(receiver.logs.map(({ body }) => body)).toContainEqual({
      stringValue: "refused 415 unsupported-media-type: content-type",
    });
  });
});

const PARENT = "00f067aa0ba902b7";

/** But for the rounding of sums in another order. */
const isNear = (one: number, other: number) => Math.abs(one - other) < 1e-12 + 1e-9 * other;

/** The decoder of protobuf does not know event names. */
function isOfRequest({ attributes }: { attributes: readonly { key: string }[] }): boolean {
  return attributes.some(({ key }) => key === "spillway.request_id");
}

describe("docs/reference/telemetry.md", () => {
  const receiver = new OtlpReceiver();
  const documented = documentedNames();
  let gateway: GatewayWithEdge;
  beforeAll(async () => {
    await program("ok");
    const endpoint = await receiver.listen();
    gateway = await startGatewayWithEdge(
      { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
      { ...policy, shadow: { share: 100 } },
    );
    await ready(gateway);
  }, 60_000);
  afterAll(async () => {
    await gateway?.close();
    await receiver.close();
  });

  const eventNames = () => new Set(receiver.logs.map(({ eventName }) => eventName));
  const isLogged = (name: string) => eventNames().has(name);

  it("names every metric, log event and span of a life full of trouble, and no other", async () => {
    for (const text of [SHORT, SPAM, LONG]) await (await gateway.fetch("/v1/classify", json(text))).text();
    await gateway.fetch("/elsewhere");
    // A breaker that opens.
    await program("http-500");
    await Promise.all(Array.from({ length: 5 }, async () => (await gateway.fetch("/v1/classify", json(LONG))).text()));
    // A policy that is no longer the one stored.
    await gateway.setPolicy("{");
    await receiver.when(() => isLogged(LOG_EVENTS.request.name) && isLogged(LOG_EVENTS.shadowDisagreed.name), 30_000);
    await untilSeen(() => isLogged(LOG_EVENTS.policyProblem.name));
    // A backend that refuses for a while.
    receiver.manner = "refuse";
    const before = receiver.exports.metrics;
    await untilSeen(() => receiver.exports.metrics > before);
    receiver.manner = "accept";
    const emitted = () => new Set(receiver.metrics.map(({ name }) => name));
    await untilSeen(() => emitted().has(INSTRUMENTS.telemetryDropped.name));

    expect([...emitted()].toSorted()).toEqual(documented.metrics.toSorted());
    expect([...eventNames()].toSorted()).toEqual(documented.events.toSorted());
    for (const name of new Set(receiver.spans.map(({ name }) => name))) expect(documented.spans).toContain(name);
    for (const { name } of receiver.metrics) {
      const attributes = Object.values(INSTRUMENTS).find((instrument) => instrument.name === name)?.attributes ?? [];
      for (const point of pointsOf(receiver.metrics, name)) {
        for (const { key } of point.attributes)
          expect([name, attributes]).toEqual([name, expect.arrayContaining([key])]);
      }
    }
    for (const { eventName, attributes } of receiver.logs) {
      if (eventName === LOG_EVENTS.request.name) continue;
      const event = Object.values(LOG_EVENTS).find(({ name }) => name === eventName);
      for (const { key } of attributes)
        expect([eventName, event?.attributes]).toEqual([eventName, expect.arrayContaining([key])]);
    }
    const everything = receiver.everything.join("\n");
    for (const text of [SHORT, SPAM]) expect(everything).not.toContain(text);
  }, 120_000);

  /** Asks on, as callers do. */
  async function untilSeen(holds: () => boolean): Promise<void> {
    await expect
      .poll(
        async () => {
          await (await gateway.fetch("/v1/classify", json(SHORT))).text();
          return holds();
        },
        { timeout: 40_000, interval: 50 },
      )
      .toBe(true);
  }
});

/** What stands in backticks in the first column of each table. */
function documentedNames(): { metrics: string[]; events: string[]; spans: string[] } {
  const page = readFileSync(
    fileURLToPath(new URL("../../../docs/reference/telemetry.md", import.meta.url).href),
    "utf8",
  );
  const namesBelow = (heading: string) => {
    const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
    return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);
  };
  return { metrics: namesBelow("Metrics"), events: namesBelow("Logs"), spans: namesBelow("Spans") };
}
