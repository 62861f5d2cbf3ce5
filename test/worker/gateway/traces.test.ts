/** What a request's trace tells, path by path: its tree, its tries and their links, its cost, and what is kept of it. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { createAccess } from "../../../gateway/authenticate/access.ts";
import { tracedFetch } from "../../../gateway/record/traced-fetch.ts";
import type { World } from "../../../gateway/world.ts";
import type { SpanMessage } from "../../../otlp/messages.ts";
import { bearer, storeKey } from "./api-keys.ts";
import { publish } from "./packages.ts";
import { sharedEngine } from "./shared-engine.ts";
import { attributesOf, durationMs, named, ours, type Sent, send, texts } from "./traced-world.ts";
import { aWorld, credentials, handClock, ready, setPolicy, settled } from "./world.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "see you at lunch tomorrow ".repeat(200);
const [SERVER, CLIENT, ERROR] = [2, 3, 2];

const engine = sharedEngine();
let modelId: string;
beforeAll(async () => {
  modelId = await publish();
});
afterEach(async () => {
  Object.assign(engine, { broken: false, full: false, onRun: () => {} });
  vi.restoreAllMocks();
  await settled();
  await env.POLICIES.delete("policy");
});

const url = (behaviour: string) => `${inject("faultOrigin")}${behaviour}`;

async function worldWith(behaviour: string, policy: object, clock = handClock()): Promise<World> {
  await setPolicy({ version: 3, ...policy });
  return ready(aWorld({ modelId, originUrl: url(behaviour), clock, engine, send: tracedFetch }));
}

/** Each span's name below its parent's, in order of names. */
function treeOf(spans: readonly SpanMessage[], parentSpanId?: string): unknown[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .map((span) => {
      const below = treeOf(spans, span.spanId);
      return below.length > 0 ? { [span.name]: below } : span.name;
    })
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const rootOf = ({ spans }: Sent) => named(spans, "POST /v1/classify");
const client = ({ spans }: Sent) => {
  const found = spans.find(({ kind }) => kind === CLIENT);
  if (found === undefined) throw new Error("nothing was called");
  return found;
};
const costOf = (span: SpanMessage) => Number(attributesOf(span)["spillway.cost.usd"]);

describe("a trace", () => {
  it("of a text at the edge has a span for each step, with what was known and what was measured", async () => {
    const world = await worldWith("ok", {});
    const sent = await send(world, { ...texts(SHORT), cf: { country: "DE", asn: 64496 } });
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
    const world = await worldWith("ok", {});
    const { key, id } = await storeKey();
    const authenticated = async () => {
      const { spans, bytes } = await send(world, { ...texts(SHORT), headers: bearer(key) });
      expect(bytes).not.toContain(key.slice(-43));
      return attributesOf(named(spans, "authenticate"));
    };
    expect(await authenticated()).toEqual({ "spillway.api_key.id": id, "spillway.api_key.asked": true });
    expect(await authenticated()).toEqual({ "spillway.api_key.id": id });
  });

  it("tells that a rate was not counted, where the limiter gave no answer", async () => {
    const RATE_STANDARD = { limit: () => Promise.reject(new Error("the limiter is down")) };
    const world = await worldWith("ok", {});
    world.access = createAccess({ ...env, ANONYMOUS_RATE: "standard", RATE_STANDARD }, world.clock);
    const { spans, response } = await send(world, texts(SHORT));
    expect(response.status).toBe(200);
    expect(attributesOf(named(spans, "authenticate"))).toMatchObject({ "spillway.rate.unknown": true });
  });

  it("of several texts has admit, decide and a side's span for each", async () => {
    const { spans } = await send(await worldWith("ok", {}), texts(SHORT, SHORT, LONG));
    const counted = Object.groupBy(spans, ({ name }) => name);
    expect([counted["admit"]?.length, counted["decide"]?.length, counted["edge inference"]?.length]).toEqual([3, 3, 2]);
    expect(counted["POST"]).toHaveLength(1);
  });

  it("goes on at the origin, which is told the deadline and the call's own span, by headers that are not signed", async () => {
    const sent = await send(await worldWith("hands-back?traced", { origin: { timeoutMs: 4321 } }), texts(LONG));
    const call = client(sent);
    expect(attributesOf(call)).toMatchObject({
      "spillway.origin": "default",
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "url.path": "/hands-back",
    });
    expect(call.parentSpanId).toBe(rootOf(sent).spanId);
    const { headers }: { headers: Record<string, string> } = await (await fetch(url("hands-back?traced"))).json();
    expect(headers["x-spillway-timeout-ms"]).toBe("4321");
    expect(headers["traceparent"]).toMatch(new RegExp(`^00-${call.traceId}-${call.spanId}-0[13]$`));
    expect(headers["authorization"]).not.toMatch(/traceparent|x-spillway/);
    expect(treeOf(sent.spans, call.spanId)).toEqual([{ "POST /": ["tokenize"] }]);
    expect(named(sent.spans, "POST /").traceId).toBe(call.traceId);
  });

  it("is an error only where the caller got one, or a side failed", async () => {
    const world = await worldWith("http-500", { retryBudget: { percent: 0, minPerSecond: 0 } });
    const broken = await send(world, texts(LONG));
    expect(broken.response.status).toBe(503);
    expect([rootOf(broken).status.code, client(broken).status.code]).toEqual([ERROR, ERROR]);
    expect(attributesOf(client(broken))).toMatchObject({ "error.type": "500", "spillway.failure": "http-500" });
    const malformed = await send(world, { body: "{" });
    expect(malformed.response.status).toBe(400);
    expect(rootOf(malformed).status.code).toBe(0);
    const tooLong = await send(await worldWith("http-413", {}), texts(LONG));
    expect(tooLong.response.status).toBe(413);
    expect([rootOf(tooLong).status.code, client(tooLong).status.code]).toEqual([0, 0]);
  });
});

describe("a second try", () => {
  const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };
  const link = (to: SpanMessage) => [{ traceId: to.traceId, spanId: to.spanId, attributes: [] }];

  it("as a fallback is marked and linked to the try that failed", async () => {
    const sent = await send(await worldWith("http-500", originFirst), texts(SHORT));
    expect(sent.response.headers.get("x-spillway-because")).toBe("origin-failed");
    const [first, second] = [client(sent), named(sent.spans, "edge inference")];
    expect([first.status.code, second.status.code, rootOf(sent).status.code]).toEqual([ERROR, 0, 0]);
    expect(attributesOf(first)["spillway.try"]).toBeUndefined();
    expect(attributesOf(second)["spillway.try"]).toBe("fallback");
    expect(second.links).toEqual(link(first));
    expect(first.links).toEqual([]);
  });

  it("as a hedge that wins is marked and linked, and the origin's loss is an abort and no error", async () => {
    const hedge = { enabled: true, afterMs: 20 };
    const sent = await send(await worldWith("hang?traced", { ...originFirst, hedge }), texts(SHORT));
    const [first, second] = [client(sent), named(sent.spans, "edge inference")];
    expect(attributesOf(first)).toMatchObject({ "spillway.aborted": true, "spillway.failure": "lost-to-other-side" });
    expect(first.status.code).toBe(0);
    expect(attributesOf(second)).toMatchObject({ "spillway.try": "hedge" });
    expect(attributesOf(second)["spillway.aborted"]).toBeUndefined();
    expect(second.links).toEqual(link(first));
    expect(sent.spans.filter(({ kind }) => kind === SERVER)).toHaveLength(1);
  });

  it("as a hedge to the origin that wins leaves the edge's run marked, although that ran to its end", async () => {
    const world = await worldWith("ok", { hedge: { enabled: true, afterMs: 5 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    engine.onRun = () => promise;
    const sent = await send(world, { ...texts(SHORT), onAnswer: resolve });
    expect(sent.response.headers.get("x-spillway-because")).toBe("hedge");
    const lost = named(sent.spans, "edge inference");
    expect(attributesOf(lost)).toMatchObject({ "spillway.aborted": true, "spillway.edge.run_ms": expect.any(Number) });
    expect(lost.status.code).toBe(0);
    expect(client(sent).links).toEqual(link(lost));
  });

  it("as a shadow is marked and linked to the try that answered, below a span of its own", async () => {
    const sent = await send(await worldWith("ok", { shadow: { share: 100 } }), texts(SHORT));
    const [shadow, answered] = [client(sent), named(sent.spans, "edge inference")];
    expect(attributesOf(shadow)["spillway.try"]).toBe("shadow");
    expect(shadow.links).toEqual(link(answered));
    expect(shadow.parentSpanId).toBe(named(sent.spans, "shadow").spanId);
    expect(named(sent.spans, "shadow").parentSpanId).toBe(rootOf(sent).spanId);
  });
});

describe("the cost", () => {
  const OWN_USD = 0.3e-6 + 1 * 0.02e-6;
  const KV_READ_USD = 0.5e-6;

  it("of a request is its own and its side's, which the edge has from its time", async () => {
    const clock = onlyInWaits();
    engine.onRun = () => clock.passMs(200);
    const sent = await send(await worldWith("ok", {}, clock), texts(SHORT));
    expect(costOf(named(sent.spans, "edge inference"))).toBeCloseTo(200 * 0.02e-6, 12);
    expect(costOf(rootOf(sent))).toBeCloseTo(OWN_USD + KV_READ_USD + 200 * 0.02e-6, 12);
    const again = await send(await worldWith("ok", {}), { body: "{" });
    expect(costOf(rootOf(again))).toBeCloseTo(OWN_USD, 12);
    const { key } = await storeKey();
    const unknown = `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`;
    const refused = await send(await worldWith("ok", {}), { ...texts(SHORT), headers: bearer(unknown) });
    expect(refused.response.status).toBe(401);
    expect(costOf(rootOf(refused))).toBeCloseTo(OWN_USD + KV_READ_USD, 12);
  });

  it("of a call is from what the function says, else from the round trip, which is told", async () => {
    const said = await send(await worldWith("hands-back", {}), texts(LONG));
    // 1 GB × 121 ms
    expect(costOf(client(said))).toBeCloseTo(0.2e-6 + 0.121 * 16.6667e-6, 12);
    expect(attributesOf(client(said))["spillway.cost.assumed"]).toBeUndefined();
    expect(costOf(rootOf(said))).toBeCloseTo(OWN_USD + KV_READ_USD + costOf(client(said)), 12);
    const silent = await send(await worldWith("ok", {}), texts(LONG));
    expect(attributesOf(client(silent))["spillway.cost.assumed"]).toBe(true);
  });

  it("of a request that fell back, or got no answer, has the try that failed in it", async () => {
    const budget = { retryBudget: { percent: 100 } };
    for (const input of [SHORT, LONG]) {
      const sent = await send(await worldWith("http-500", { edge: { share: 0 }, ...budget }), texts(input));
      const sides = sent.spans.filter(({ name }) => name === "POST" || name === "edge inference");
      const sum = sides.reduce((total, span) => total + costOf(span), 0);
      expect(sides).toHaveLength(input === SHORT ? 2 : 1);
      expect(costOf(client(sent))).toBeGreaterThan(0);
      expect(costOf(rootOf(sent))).toBeCloseTo(OWN_USD + KV_READ_USD + sum, 12);
    }
  });

  it("of a shadow, and of a try that lost, is on its own span alone", async () => {
    const shadowed = await send(await worldWith("hands-back", { shadow: { share: 100 } }), texts(SHORT));
    expect(costOf(client(shadowed))).toBeGreaterThan(0);
    const side = costOf(named(shadowed.spans, "edge inference"));
    expect(costOf(rootOf(shadowed))).toBeCloseTo(OWN_USD + KV_READ_USD + side, 12);
    const hedge = { enabled: true, afterMs: 20 };
    const policy = { edge: { share: 0 }, retryBudget: { percent: 100 }, hedge };
    const hedged = await send(await worldWith("hang", policy), texts(SHORT));
    expect(costOf(client(hedged))).toBeGreaterThan(0);
    const won = costOf(named(hedged.spans, "edge inference"));
    expect(costOf(rootOf(hedged))).toBeCloseTo(OWN_USD + KV_READ_USD + won, 12);
  });
});

/** As in production: time passes, but no clock shows it before a wait. Spans go by `Date.now`, so that stands still too. */
function onlyInWaits() {
  let [trueMs, shownMs] = [1_000_000, 1_000_000];
  const clock = {
    ...handClock(),
    nowMs: () => shownMs,
    wait: async (ms: number) => {
      await scheduler.wait(ms);
      shownMs = trueMs;
    },
    passMs: (ms: number) => {
      trueMs += ms;
    },
  };
  vi.spyOn(Date, "now").mockImplementation(() => shownMs);
  return clock;
}

describe("with a clock that moves in waits alone", () => {
  it.each([
    ["answers", false],
    ["fails", true],
  ])("a run at the edge that %s takes its time in the trace", async (_, broken) => {
    const clock = onlyInWaits();
    const world = await worldWith("ok", {}, clock);
    engine.broken = broken;
    engine.onRun = () => clock.passMs(200);
    const sent = await send(world, texts(SHORT));
    expect(durationMs(named(sent.spans, "edge inference"))).toBe(200);
    if (!broken) expect(attributesOf(named(sent.spans, "edge inference"))["spillway.edge.run_ms"]).toBe(200);
  });

  it("a shadow's run takes its time too", async () => {
    const clock = onlyInWaits();
    const world = await worldWith("ok", { edge: { share: 0 }, shadow: { share: 100 } }, clock);
    engine.onRun = () => clock.passMs(200);
    const sent = await send(world, texts(SHORT));
    expect(durationMs(named(sent.spans, "edge inference"))).toBe(200);
    expect(attributesOf(named(sent.spans, "shadow"))["spillway.shadow.ms"]).toBe(200);
  });
});

describe("what is kept of traces that are not sampled", () => {
  const left = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" };
  const sentBy = async (behaviour: string, policy: object, asked = texts(SHORT)) =>
    send(await worldWith(behaviour, { sampling: { slowMs: 60_000 }, ...policy }), { ...asked, headers: left });
  const kept = (sent: Sent) => sent.spans.length > 0 && attributesOf(rootOf(sent))["spillway.sampling.kept"];

  it("goes by the policy in force for the request, not by the one known before", async () => {
    expect(kept(await sentBy("ok", {}))).toBe(false);
    expect(kept(await sentBy("ok", { sampling: { keep: [] } }, { body: "{" }))).toBe("refused"); // no policy was read yet
    expect(kept(await sentBy("http-500", { sampling: { keep: [] } }, texts(LONG)))).toBe(false);
    expect(kept(await sentBy("http-500", { sampling: { keep: ["error"] } }, texts(LONG)))).toBe("error");
  });

  it("is a fallback, with both sides, and a hedge that won", async () => {
    const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };
    const fallback = await sentBy("http-500", originFirst);
    expect(kept(fallback)).toBe("fallback");
    expect(fallback.spans).toHaveLength(8);
    expect(kept(await sentBy("hang", { ...originFirst, hedge: { enabled: true, afterMs: 20 } }))).toBe("fallback");
    expect(kept(await sentBy("hang", { hedge: { enabled: true, afterMs: 1 } }))).toBe(false);
  });

  it("has the origin's part, which was handed back, and is dropped with it", async () => {
    const slow = await sentBy("hands-back-slowly", { sampling: { slowMs: 200 } }, texts(LONG));
    expect(kept(slow)).toBe("slow");
    expect(named(slow.spans, "POST /").parentSpanId).toBe(client(slow).spanId);
    const refused = await sentBy("refuses-and-hands-back", {}, texts(LONG));
    expect(kept(refused)).toBe("refused");
    expect(named(refused.spans, "POST /").parentSpanId).toBe(client(refused).spanId);
    expect(attributesOf(client(refused))).not.toHaveProperty(["spillway.cost.assumed"]);
    const flooded = await sentBy("refuses-and-floods", {}, texts(LONG));
    expect([flooded.response.status, kept(flooded)]).toEqual([413, "refused"]);
    expect(flooded.spans.map(({ name }) => name)).not.toContain("POST /");
    const forgotten = await sentBy(
      "refuses-and-hands-back",
      { sampling: { keep: ["slow"], slowMs: 60_000 } },
      texts(LONG),
    );
    expect(forgotten.response.status).toBe(413);
    expect(forgotten.spans).toEqual([]);
    const quick = await sentBy("hands-back", {}, texts(LONG));
    expect(quick.response.headers.get("x-spillway-route")).toBe("origin");
    expect(quick.spans).toEqual([]);
  });
});

describe("what leaves", () => {
  it("holds nothing of the text, of keys and of credentials, whatever the path", async () => {
    const canary = "canary-7d0f5c";
    const { key, id } = await storeKey({}, canary);
    const headers = {
      "x-api-key": key,
      authorization: `Bearer ${key}`,
      "user-agent": canary,
      "cf-connecting-ip": "192.0.2.77",
      "x-forwarded-for": "192.0.2.77",
      "cf-ray": canary,
      baggage: `text=${canary}`,
      "x-tenant": canary,
    };
    const short = `${canary} is a prize`;
    const long = `${canary} is a prize `.repeat(100);
    const originFirst = { edge: { share: 0, stickyBy: "header:x-tenant" }, retryBudget: { percent: 100 } };
    const hedge = { enabled: true, afterMs: 20 };
    const paths: [string, object, string[]][] = [
      ["ok", {}, [short, long]],
      ["hands-back-hostile", {}, [long]],
      ["refuses-and-hands-back-hostile", {}, [long]],
      ["other-labels", {}, [long]],
      ["ok", { shadow: { share: 100 } }, [short]],
      ["http-500", { shadow: { share: 100 } }, [short]],
      ["hang", { ...originFirst, hedge }, [short]],
      ["ok", { residency: { rules: [{ countries: ["DE"], allow: [] }] } }, [short]],
      ["ok", { limits: { inputs: 1 } }, [short, short]],
      ["ok", { minTls: "1.3", limits: { bodyBytes: 5 } }, [short]],
      ["ok", { version: "no number" }, [short]],
      ...["http-413", "http-403", "http-429", "http-500", "broken-json", "reset-mid-body", "hang"].flatMap(
        (behaviour): [string, object, string[]][] => [
          [behaviour, { ...originFirst, origin: { timeoutMs: 300 } }, [short]],
          [behaviour, { origin: { timeoutMs: 300 } }, [long]],
        ],
      ),
    ];
    let bytes = "";
    let roots = 0;
    const leaves = async (sending: Promise<Sent>) => {
      const sent = await sending;
      bytes += sent.bytes;
      roots += sent.spans.filter(({ kind, parentSpanId }) => kind === SERVER && parentSpanId === undefined).length;
    };
    const cf = { country: "DE", isEUCountry: "1" as const, asn: 64496 };
    for (const [behaviour, policy, inputs] of paths) {
      await leaves(send(await worldWith(behaviour, policy), { ...texts(...inputs), headers, cf }));
    }
    const world = await worldWith("ok", {});
    const { key: revoked } = await storeKey({ revokedAt: "2026-01-01T00:00:00.000Z" }, canary);
    const { key: wrong } = await storeKey({ sha256: "0".repeat(64) }, canary);
    const sent = (key: string) => ({ ...texts(short), headers: { ...bearer(key), "cf-connecting-ip": "192.0.2.77" } });
    const refusals = [
      ...[canary, revoked, wrong].map(sent),
      { body: `{"inputs": "${canary}` },
      { body: `{"${canary}": 1}` },
      { body: canary, headers: { ...headers, "content-type": `text/${canary}` } },
      { body: "", method: "GET" },
      { body: "", path: `/${canary}?q=${canary}` },
      { ...texts(short), cf: { ...cf, tlsVersion: "TLSv1.2" } },
    ];
    for (const refusal of refusals) await leaves(send(world, { headers, cf, ...refusal }));
    for (const fault of ["broken", "full"] as const) {
      engine[fault] = true;
      await leaves(send(await worldWith("http-500", {}), { ...texts(short), headers, cf }));
      engine[fault] = false;
    }
    expect(roots).toBe(paths.length + refusals.length + 2);
    for (const secret of [canary, "hostile-5e1f0a", "192.0.2.77", "AWS4", ...Object.values(credentials)]) {
      expect(bytes).not.toContain(secret);
    }
    for (const told of ["64496", id, "key-revoked", "key-unknown", "key-malformed"]) expect(bytes).toContain(told);
  });

  // Of all the requests of this file, so it does not hold of this test alone.
  it("is what docs/telemetry-spans.md lists, span by span, and all of that", async () => {
    const page = await (await env.FILES.fetch("http://files/docs/telemetry-spans.md")).text();
    const rows = (page.split("\n## ").find((section) => section.startsWith("The spans of the gateway\n")) ?? "")
      .split("\n")
      .flatMap((line) => (/^\| `[a-zA-Z]/.test(line) ? [line.split("|").map(backticked)] : []));
    const listed = new Map(
      rows.flatMap(([, [name = ""] = [], , , , attributes]) => (attributes ? [[name, attributes]] : [])),
    );
    const own = rows.flatMap(([, [name = ""] = []]) => (name.startsWith("spillway.") ? [name] : []));
    const seen = new Map<string, Set<string>>();
    for (const span of ours()) {
      const name = span.kind === SERVER ? "POST /v1/classify" : span.name;
      const keys = seen.get(name) ?? new Set();
      for (const { key } of span.attributes) keys.add(key);
      seen.set(name, keys);
    }
    const sorted = (keys: Iterable<string>) => [...keys].toSorted();
    for (const [name, keys] of seen) expect([name, sorted(keys)]).toEqual([name, sorted(listed.get(name) ?? [])]);
    expect(sorted(seen.keys())).toEqual(sorted(listed.keys()));
    const used = new Set([...seen.values()].flatMap((keys) => [...keys].filter((key) => key.startsWith("spillway."))));
    expect(sorted(own)).toEqual(sorted(used));
  });
});

const backticked = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
