import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bearer } from "../../support/credentials.ts";
import { CANARY } from "../../support/texts.ts";
import { type FixtureWorker, startFixtureWorker } from "./fixture-worker.ts";
import { attribute, CLIENT, ERROR, OtlpReceiver, type Received, SERVER } from "./otlp-receiver.ts";

const receiver = new OtlpReceiver();
let worker: FixtureWorker;

beforeAll(async () => {
  const url = await receiver.listen();
  worker = await startFixtureWorker({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ORIGIN_URL: url });
}, 60_000);
afterAll(async () => {
  await worker?.close();
  await receiver.close();
});
beforeEach(() => receiver.forget());

const roots = (spans: Received[]) => spans.filter(({ kind }) => kind === SERVER);
const named = (spans: Received[], name: string) => spans.find((span) => span.name === name);

describe("a trace of one request", () => {
  it("arrives although the request did no I/O", async () => {
    const response = await worker.fetch("/v1/classify", { method: "POST", body: "text" });
    const [root] = await receiver.until((spans) => spans.length === 1);
    expect(root?.name).toBe("POST /v1/classify");
    expect(root?.kind).toBe(SERVER);
    expect(root?.parentSpanId).toBeUndefined();
    expect(attribute(root, "http.request.method")).toBe("POST");
    expect(attribute(root, "http.response.status_code")).toBe("200");
    expect(attribute(root, "url.path")).toBe("/v1/classify");
    expect(attribute(root, "spillway.route")).toBe("edge");
    expect(root?.status.code).toBe(0);
    expect(response.headers.get("traceresponse")).toMatch(new RegExp(`^00-${root?.traceId}-${root?.spanId}-0[13]$`));
  });

  it("continues the caller's trace and keeps its tracestate", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "vendor=abc" };
    await worker.fetch("/origin", { method: "POST", body: "x", headers });
    const spans = await receiver.until((all) => all.length === 3);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect(roots(spans)[0]?.parentSpanId).toBe("b7ad6b7169203331");
    expect(roots(spans)[0]?.traceState).toBe("vendor=abc");
    expect(receiver.calls[0]?.["tracestate"]).toBe("vendor=abc");
  });

  it("begins a new trace where the traceparent is malformed", async () => {
    await worker.fetch("/v1/classify", {
      headers: { traceparent: "00-00000000000000000000000000000000-b7ad6b7169203331-01" },
    });
    const [root] = await receiver.until((spans) => spans.length === 1);
    expect(root?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(root?.parentSpanId).toBeUndefined();
  });

  it("follows the caller's sampling decision, except for errors", async () => {
    const headers = (trace: string) => ({ traceparent: `00-${trace.repeat(32)}-b7ad6b7169203331-00` });
    await worker.fetch("/v1/classify", { headers: headers("a") });
    await worker.fetch("/refused", { headers: headers("b") });
    await worker.fetch("/v1/classify");
    const spans = await receiver.until((all) => all.length === 2);
    expect(spans.map(({ traceId }) => traceId)).not.toContain("a".repeat(32));
    expect(spans.map(({ traceId }) => traceId)).toContain("b".repeat(32));
  });

  it("parents children, and sends the CLIENT span's id to the origin", async () => {
    await worker.fetch("/origin", { method: "POST", body: "x" });
    const spans = await receiver.until((all) => all.length === 3);
    const [root] = roots(spans);
    const side = named(spans, "call-origin");
    const client = spans.find(({ kind }) => kind === CLIENT);
    expect(side?.parentSpanId).toBe(root?.spanId);
    expect(client?.parentSpanId).toBe(side?.spanId);
    expect(attribute(client, "http.response.status_code")).toBe("200");
    expect(receiver.calls[0]?.["traceparent"]).toMatch(new RegExp(`^00-${client?.traceId}-${client?.spanId}-0[13]$`));
    expect(receiver.calls[0]?.["authorization"]).toBe("AWS4 signed");
  });

  it("has background work that ends after the answer, under the same root", async () => {
    await worker.fetch("/background");
    const spans = await receiver.until((all) => named(all, "shadow") !== undefined);
    expect(roots(spans)).toHaveLength(1);
    expect(named(spans, "shadow")?.parentSpanId).toBe(roots(spans)[0]?.spanId);
  });

  it("is an error only where the caller got one, named only by its class", async () => {
    const thrown = await worker.fetch("/broken?canary", { method: "POST", body: "x" });
    expect(thrown.status).toBe(500);
    const broken = await receiver.until((all) => all.length === 2);
    expect(named(broken, "failing")?.status).toEqual({ code: ERROR });
    expect(attribute(named(broken, "failing"), "error.type")).toBe("TypeError");
    expect(roots(broken)[0]?.status).toEqual({ code: ERROR });
    receiver.forget();
    await worker.fetch("/refused");
    const [refused] = await receiver.until((all) => all.length === 1);
    expect(refused?.status).toEqual({ code: ERROR });
    expect(attribute(refused, "error.type")).toBe("503");
    receiver.forget();
    await worker.fetch("/unknown-path");
    const [unknown] = await receiver.until((all) => all.length === 1);
    expect(unknown?.status).toEqual({ code: 0 });
    expect(unknown?.name).toBe("GET");
  });

  it("is exported for a request whose caller hung up", async () => {
    const hangUp = new AbortController();
    const request = worker.fetch("/slow", { signal: hangUp.signal });
    await worker.fetch("/v1/classify"); // the slow one is under way once a later one has been answered
    await receiver.until((all) => all.length === 1);
    hangUp.abort();
    await expect(request).rejects.toThrow();
    const spans = await receiver.until((all) => named(all, "GET /slow") !== undefined);
    expect(roots(spans)).toHaveLength(2);
  });
});

describe("many requests in one isolate", () => {
  it("have exactly one root span each", async () => {
    const requests = 1_000;
    for (let done = 0; done < requests; done += 50) {
      await Promise.all(Array.from({ length: 50 }, () => worker.fetch("/v1/classify").then((answer) => answer.text())));
    }
    const spans = await receiver.until((all) => all.length >= requests, 20_000);
    expect(roots(spans)).toHaveLength(requests);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(requests);
  }, 60_000);

  it("do not mix when concurrent, not even with the same trace id", async () => {
    const traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
    const marks = Array.from({ length: 60 }, (_, index) => String(index));
    await Promise.all(marks.map((mark) => worker.fetch(`/children?mark=${mark}`, { headers: { traceparent } })));
    const spans = await receiver.until((all) => all.length === marks.length * 3);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const mark of marks) {
      const own = spans.filter((span) => attribute(span, "spillway.mark") === mark);
      const inner = named(own, "inner");
      const outer = byId.get(inner?.parentSpanId ?? "");
      expect(own).toHaveLength(3);
      expect(attribute(outer, "spillway.mark")).toBe(mark);
      expect(attribute(byId.get(outer?.parentSpanId ?? ""), "spillway.mark")).toBe(mark);
    }
    expect(byId.size).toBe(spans.length); // each span arrived once
  }, 30_000);
});

describe("what the Worker exports", () => {
  it("holds nothing of the caller's text, wherever the caller put it", async () => {
    const init = {
      method: "POST",
      body: JSON.stringify({ inputs: CANARY }),
      headers: {
        "content-type": `text/${CANARY}`,
        "user-agent": CANARY,
        ...bearer(CANARY),
        "x-forwarded-for": CANARY,
        "cf-ray": CANARY,
        "cf-connecting-ip": CANARY,
        baggage: `text=${CANARY}`,
        traceparent: CANARY,
      },
    };
    const paths = ["/v1/classify", "/origin", "/broken", "/refused", "/background", `/${CANARY}`];
    for (const path of paths) await worker.fetch(`${path}?q=${CANARY}`, init);
    const spans = await receiver.until(
      (all) => roots(all).length === paths.length && named(all, "shadow") !== undefined,
    );
    expect(roots(spans)).toHaveLength(paths.length);
    expect(receiver.bodies.join("\n")).not.toContain(CANARY);
    expect(receiver.bodies.join("\n")).not.toContain("secret=in-query");
    expect(receiver.calls[0]?.["baggage"]).toBeUndefined();
  });
});
