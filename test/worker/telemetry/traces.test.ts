/** A request's trace, path by path: its tree, its attempts and their links, and how long each took. */
import { describe, expect, it } from "vitest";
import type { SpanMessage } from "../../../formats/otlp/messages.ts";
import { bearer } from "../../support/credentials.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { client, ERROR, onlyInWaits, originAt, rootOf, SERVER, tracedGateway } from "../support/traced-gateway.ts";
import { attributesOf, durationMs, named, send, texts } from "../support/traced-requests.ts";

const { engine, gatewayWith } = tracedGateway();

/** The names of the spans as a tree, sorted by name. */
function treeOf(spans: readonly SpanMessage[], parentSpanId?: string): unknown[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .map((span) => {
      const below = treeOf(spans, span.spanId);
      return below.length > 0 ? { [span.name]: below } : span.name;
    })
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe("a trace", () => {
  it("of a text at the edge has a span for each step, with what was known and what was measured", async () => {
    const gateway = await gatewayWith("ok", {});
    const sent = await send(gateway, { ...texts(SHORT), cf: { country: "DE", asn: 64496 } });
    expect(new Set(sent.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(treeOf(sent.spans)).toEqual([
      { "POST /v1/classify": ["admit", "authenticate", "decide", "edge inference", "policy", "receive"] },
    ]);
    expect(rootOf(sent).kind).toBe(SERVER);
    const of = (name: string) => attributesOf(named(sent.spans, name));
    expect(of("authenticate")).toEqual({
      "geo.country.iso_code": "DE",
      "spillway.client.asn": 64496,
      "tls.protocol.version": "1.3",
    });
    expect(of("policy")).toEqual({
      "spillway.policy.version": 3,
      "spillway.policy.source": "kv",
      "spillway.policy.asked": true,
    });
    expect(of("admit")).toEqual({ "spillway.tokens": 10 });
    expect(of("decide")).toEqual({
      "spillway.route": "edge",
      "spillway.because": "within-share",
      "spillway.arm": "inside",
      "spillway.tokens": 10,
      "spillway.edge.predicted_ms": expect.any(Number),
      "spillway.edge.queue_ms": 0,
    });
    expect(of("edge inference")).toEqual({
      "spillway.tokens": 10,
      "spillway.edge.predicted_ms": expect.any(Number),
      "spillway.edge.queue_ms": expect.any(Number),
      "spillway.edge.run_ms": expect.any(Number),
      "spillway.edge.heap_bytes": expect.any(Number),
      "spillway.cost.usd": expect.any(Number),
    });
    expect(sent.spans.map(({ status }) => status.code)).toEqual(sent.spans.map(() => 0));
  });

  it("of a caller with a key has its id, never its secret, and whether KV was asked for it", async () => {
    const gateway = await gatewayWith("ok", {});
    const { key, id } = await storeKey();
    const authenticated = async () => {
      const { spans, bytes } = await send(gateway, { ...texts(SHORT), headers: bearer(key) });
      expect(bytes).not.toContain(key.slice(-43));
      return attributesOf(named(spans, "authenticate"));
    };
    expect(await authenticated()).toEqual({ "spillway.api_key.id": id, "spillway.api_key.asked": true });
    expect(await authenticated()).toEqual({ "spillway.api_key.id": id });
  });

  it("of several texts has admit, decide and a side's span for each", async () => {
    const { spans } = await send(await gatewayWith("ok", {}), texts(SHORT, SHORT, LONG));
    const counted = Object.groupBy(spans, ({ name }) => name);
    expect([counted["admit"]?.length, counted["decide"]?.length, counted["edge inference"]?.length]).toEqual([3, 3, 2]);
    expect(counted["POST"]).toHaveLength(1);
  });

  it("continues at the origin, which gets the timeout and the call's span in headers that are not signed", async () => {
    const sent = await send(await gatewayWith("hands-back?traced", { origin: { timeoutMs: 4321 } }), texts(LONG));
    const call = client(sent);
    expect(attributesOf(call)).toMatchObject({
      "spillway.origin": "default",
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "url.path": "/hands-back",
    });
    expect(call.parentSpanId).toBe(rootOf(sent).spanId);
    const { headers }: { headers: Record<string, string> } = await (await fetch(originAt("hands-back?traced"))).json();
    expect(headers["x-spillway-timeout-ms"]).toBe("4321");
    expect(headers["traceparent"]).toMatch(new RegExp(`^00-${call.traceId}-${call.spanId}-0[13]$`));
    expect(headers["authorization"]).not.toMatch(/traceparent|x-spillway/);
    expect(treeOf(sent.spans, call.spanId)).toEqual([{ "POST /": ["tokenize"] }]);
    expect(named(sent.spans, "POST /").traceId).toBe(call.traceId);
  });

  it("has the tokens of an origin's answer with the special tokens that the function reports, or with BERT's", async () => {
    for (const [behaviour, tokens] of [
      ["counts-special-tokens", 10 + 5],
      ["ok", 10 + 2],
    ] as const) {
      const sent = await send(await gatewayWith(behaviour, {}), texts(LONG));
      expect(attributesOf(rootOf(sent))["spillway.tokens"]).toBe(tokens);
    }
  });

  it("is an error only where the caller got one, or a side failed", async () => {
    const gateway = await gatewayWith("http-500", { retryBudget: { percent: 0, minPerSecond: 0 } });
    const broken = await send(gateway, texts(LONG));
    expect(broken.response.status).toBe(503);
    expect([rootOf(broken).status.code, client(broken).status.code]).toEqual([ERROR, ERROR]);
    expect(attributesOf(client(broken))).toMatchObject({ "error.type": "500", "spillway.failure": "http-500" });
    const malformed = await send(gateway, { body: "{" });
    expect(malformed.response.status).toBe(400);
    expect(rootOf(malformed).status.code).toBe(0);
    const tooLong = await send(await gatewayWith("http-413", {}), texts(LONG));
    expect(tooLong.response.status).toBe(413);
    expect([rootOf(tooLong).status.code, client(tooLong).status.code]).toEqual([0, 0]);
  });
});

describe("a second attempt", () => {
  const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };
  const link = (to: SpanMessage) => [{ traceId: to.traceId, spanId: to.spanId, attributes: [] }];

  it("as a fallback is marked and linked to the attempt that failed", async () => {
    const sent = await send(await gatewayWith("http-500", originFirst), texts(SHORT));
    expect(sent.response.headers.get("x-spillway-because")).toBe("origin-failed");
    const [first, second] = [client(sent), named(sent.spans, "edge inference")];
    expect([first.status.code, second.status.code, rootOf(sent).status.code]).toEqual([ERROR, 0, 0]);
    expect(attributesOf(first)["spillway.try"]).toBeUndefined();
    expect(attributesOf(second)["spillway.try"]).toBe("fallback");
    expect(second.links).toEqual(link(first));
    expect(first.links).toEqual([]);
  });

  it("as a hedge that wins is marked and linked, and the origin's attempt is aborted without an error", async () => {
    const hedge = { enabled: true, afterMs: 20 };
    const sent = await send(await gatewayWith("hang?traced", { ...originFirst, hedge }), texts(SHORT));
    const [first, second] = [client(sent), named(sent.spans, "edge inference")];
    expect(attributesOf(first)).toMatchObject({ "spillway.aborted": true, "spillway.failure": "lost-to-other-side" });
    expect(first.status.code).toBe(0);
    expect(attributesOf(second)).toMatchObject({ "spillway.try": "hedge" });
    expect(attributesOf(second)["spillway.aborted"]).toBeUndefined();
    expect(second.links).toEqual(link(first));
    expect(sent.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(1);
  });

  it("as a hedge to the origin that wins marks the edge's attempt as aborted, although it ran to its end", async () => {
    const gateway = await gatewayWith("ok", { hedge: { enabled: true, afterMs: 5 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    engine.onRun = () => promise;
    const sent = await send(gateway, { ...texts(SHORT), onAnswer: resolve });
    expect(sent.response.headers.get("x-spillway-because")).toBe("hedge");
    const lost = named(sent.spans, "edge inference");
    expect(attributesOf(lost)).toMatchObject({ "spillway.aborted": true, "spillway.edge.run_ms": expect.any(Number) });
    expect(lost.status.code).toBe(0);
    expect(client(sent).links).toEqual(link(lost));
  });

  it("as a shadow is marked and linked to the attempt that answered, below the shadow span", async () => {
    const sent = await send(await gatewayWith("ok", { shadow: { share: 100 } }), texts(SHORT));
    const [shadow, answered] = [client(sent), named(sent.spans, "edge inference")];
    expect(attributesOf(shadow)["spillway.try"]).toBe("shadow");
    expect(shadow.links).toEqual(link(answered));
    expect(shadow.parentSpanId).toBe(named(sent.spans, "shadow").spanId);
    expect(named(sent.spans, "shadow").parentSpanId).toBe(rootOf(sent).spanId);
  });
});

describe("with a clock that moves only in waits", () => {
  it.each([
    ["answers", false],
    ["fails", true],
  ])("a run at the edge that %s takes its time in the trace", async (_, broken) => {
    const clock = onlyInWaits();
    const gateway = await gatewayWith("ok", {}, { clock });
    engine.broken = broken;
    engine.onRun = () => clock.passMs(200);
    const sent = await send(gateway, texts(SHORT));
    expect(durationMs(named(sent.spans, "edge inference"))).toBe(200);
    if (!broken) expect(attributesOf(named(sent.spans, "edge inference"))["spillway.edge.run_ms"]).toBe(200);
  });

  it("a shadow's run takes its time too", async () => {
    const clock = onlyInWaits();
    const gateway = await gatewayWith("ok", { edge: { share: 0 }, shadow: { share: 100 } }, { clock });
    engine.onRun = () => clock.passMs(200);
    const sent = await send(gateway, texts(SHORT));
    expect(durationMs(named(sent.spans, "edge inference"))).toBe(200);
    expect(attributesOf(named(sent.spans, "shadow"))["spillway.shadow.ms"]).toBe(200);
  });
});
