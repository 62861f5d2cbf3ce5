/** The telemetry of the whole Worker under faults, over real sockets to a real receiver: everything arrives, and arrives once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAM, LONG, SHORT } from "../../support/texts.ts";
import { attribute, type OtlpReceiver, SERVER, sumOf } from "../telemetry/otlp-receiver.ts";
import { classifyRequest, startWholeGateway, type WholeGateway } from "./whole-gateway.ts";

const policy = {
  origin: { timeoutMs: 2000 },
  breaker: { origin: { consecutive: 5, minCalls: 1000, slowMs: 30_000, openMs: 1000 } },
  retryBudget: { percent: 100, minPerSecond: 1000 },
  shadow: { share: 20 },
};

/** The kinds of requests; the number is how often each is sent. */
const MIX: readonly [path: string, init: RequestInit, weight: number][] = [
  ["/v1/classify", classifyRequest(HAM), 10],
  ["/v1/classify", classifyRequest(SHORT), 5],
  ["/v1/classify", classifyRequest(LONG), 10],
  ["/v1/classify", classifyRequest([HAM, LONG]), 5],
  ["/v1/classify", classifyRequest([]), 4],
  ["/v1/classify", { method: "POST", headers: { "content-type": "application/json" }, body: "{" }, 4],
  ["/v1/classify", { method: "POST", headers: { "content-type": "text/plain" }, body: HAM }, 4],
  ["/v1/classify", {}, 4],
  ["/elsewhere", {}, 4],
];
const KINDS = MIX.flatMap(([path, init, weight]) => Array.from({ length: weight }, () => ({ path, init })));

/** Sends `requests` of all kinds, `atOnce` together, each in a separate sampled trace; resolves to the trace ids. */
async function sendMixed(gateway: WholeGateway, requests: number, atOnce = 20): Promise<string[]> {
  const traceIds = Array.from({ length: requests }, () => crypto.randomUUID().replaceAll("-", ""));
  const rest = traceIds.entries();
  const send = async () => {
    for (const [index, traceId] of rest) {
      const kind = KINDS[(index * 7) % KINDS.length];
      const headers = { ...kind?.init.headers, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      await (await gateway.fetch(kind?.path ?? "/", { ...kind?.init, headers })).text();
      if (index % 200 === 30) await gateway.program("http-500");
      if (index % 200 === 60) await gateway.program("ok");
    }
  };
  await Promise.all(Array.from({ length: atOnce }, send));
  return traceIds;
}

describe.each([
  ["http/json", 500],
  ["http/protobuf", 200],
])("over %s", (protocol, requests) => {
  let gateway: WholeGateway;
  let receiver: OtlpReceiver;
  beforeAll(async () => {
    gateway = await startWholeGateway({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol }, policy);
    receiver = gateway.receiver;
  }, 60_000);
  afterAll(() => gateway?.close());

  it(`${requests} mixed requests with faults leave one root span and one log record each, and are counted once`, async () => {
    const counted = () => sumOf(receiver.metrics, "spillway.requests");
    const sent: string[] = [];
    for (const half of [1, 2]) {
      // Together, then one after another: beside others a shadow may have no place.
      sent.push(...(await sendMixed(gateway, requests / 2, half === 1 ? 20 : 1)));
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
    expect(spent("origin", "shadow") + spent("edge", "shadow")).toBeGreaterThan(0);

    const roots = receiver.spans.filter(({ kind }) => kind === SERVER);
    const total =
      roots.reduce((usd, root) => usd + usdOf(root), 0) + spent("edge", "shadow") + spent("origin", "shadow");
    expect(exported("gateway") + exported("edge") + exported("origin")).toBeCloseTo(total, 9);
  }, 40_000);

  it("a log record states in a sentence what became of the request, and has its root span's facts", async () => {
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
