/** What arrives at a real trace backend from the whole Worker: which traces, whole, and the same decision at the origin. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bearer, CREDENTIALS } from "../../support/credentials.ts";
import { HOSTILE } from "../../support/fault-origin.ts";
import { CANARY, LONG, SHORT } from "../../support/texts.ts";
import { attribute, CLIENT, type Received, SERVER } from "../telemetry/otlp-receiver.ts";
import { startWholeGateway, type WholeGateway } from "./whole-gateway.ts";

let gateway: WholeGateway;
beforeAll(async () => {
  gateway = await startWholeGateway();
}, 60_000);
afterAll(() => gateway?.close());
beforeEach(async () => {
  await gateway.program("ok");
  gateway.receiver.forget();
});

/** The gateway's own: an origin's SERVER span has a parent of the trace's. */
const roots = (spans: readonly Received[]) => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ kind, parentSpanId }) => kind === SERVER && !ids.has(parentSpanId ?? ""));
};
const traceOf = (response: Response) => response.headers.get("traceresponse")?.split("-")[1] ?? "";
const isSampled = (flags: string | undefined) => (Number.parseInt(flags ?? "", 16) & 1) === 1;
const sampledIn = (header: string | null | undefined) => isSampled(header?.split("-")[3]);
/** Why it was kept. On a busy machine any request may be slow as well. */
const keptFor = (root: Received | undefined) => {
  const reasons = String(attribute(root, "spillway.sampling.kept")).split(", ");
  return reasons.filter((reason) => reason !== "slow" || reasons.length === 1).join(", ");
};
const idsOf = (spans: readonly Received[]) => new Set(spans.map(({ traceId }) => traceId));

/** Whatever was kept before it has arrived when this one's trace has: exports begin in the order of the answers. */
async function allThatCame(): Promise<Received[]> {
  const last = await gateway.classify("{", { "content-type": "text/plain" });
  return gateway.receiver.until((spans) => spans.some(({ traceId }) => traceId === traceOf(last)));
}

describe("with the ratio at 0", () => {
  beforeAll(async () => {
    const sampling = { ratio: 0, slowMs: 250 };
    await gateway.setPolicy({ override: "origin", sampling, retryBudget: { percent: 100 } });
  });

  it("a request that went well leaves nothing, and the headers to origin and caller say so", async () => {
    await gateway.program("hands-back");
    const response = await gateway.classify(SHORT);
    expect(response.headers.get("x-spillway-route")).toBe("origin");
    expect(sampledIn(response.headers.get("traceresponse"))).toBe(false);
    const { headers } = await gateway.origin("programmed?own");
    expect(sampledIn(headers["traceparent"])).toBe(false);
    expect(headers["traceparent"]?.split("-")[1]).toBe(traceOf(response));
    expect(idsOf(await allThatCame())).not.toContain(traceOf(response));
  });

  it.each([
    ["slow, with the origin's part", "hands-back-slowly", SHORT, 200, "slow", 9],
    ["a fallback, with both sides", "http-500", SHORT, 200, "fallback", 8],
    ["an error", "http-500", LONG, 503, "error, fallback, refused", 7],
  ])("%s is kept whole", async (_, behaviour, text, status, kept, count) => {
    await gateway.program(behaviour);
    const response = await gateway.classify(text);
    expect(response.status).toBe(status);
    const mine = (all: readonly Received[]) => all.filter(({ traceId }) => traceId === traceOf(response));
    const spans = mine(await gateway.receiver.until((all) => mine(all).length >= count));
    expect(spans).toHaveLength(count);
    const [root] = roots(spans);
    expect(keptFor(root)).toBe(kept);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter((span) => span !== root && !ids.has(span.parentSpanId ?? ""))).toEqual([]);
    const call = spans.find(({ kind }) => kind === CLIENT);
    const theirs = spans.find(({ name }) => name === "POST /");
    if (behaviour === "hands-back-slowly") expect(theirs?.parentSpanId).toBe(call?.spanId);
  });

  it.each([
    ["a malformed body", { method: "POST", body: "{", headers: { "content-type": "application/json" } }, 400],
    ["a wrong method", { method: "GET" }, 405],
  ])("%s is kept as a refusal, although nothing was waited for", async (_, init, status) => {
    const response = await gateway.fetch("/v1/classify", init);
    expect(response.status).toBe(status);
    const spans = await gateway.receiver.until((all) => idsOf(all).has(traceOf(response)));
    expect(keptFor(roots(spans)[0])).toBe("refused");
  });

  it("a caller who samples is followed, down to the origin", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const response = await gateway.classify(SHORT, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    expect(response.headers.get("traceresponse")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect((await gateway.origin("programmed?own")).headers["traceparent"]).toMatch(
      new RegExp(`^00-${traceId}-.{16}-01$`),
    );
    const spans = await gateway.receiver.until((all) => all.length >= 7);
    expect(keptFor(roots(spans)[0])).toBe("caller");
  });
});

describe("with the ratio at a half", () => {
  beforeAll(() => gateway.setPolicy({ override: "origin", sampling: { ratio: 0.5, keep: [] } }));

  it("traces are split by their ids: what is exported, what the origin receives and what the caller receives agree", async () => {
    const sampled = new Set<string>();
    const all = new Set<string>();
    for (let request = 0; request < 40; request++) {
      const response = await gateway.classify(SHORT);
      const { headers } = await gateway.origin("programmed?own");
      expect(sampledIn(headers["traceparent"])).toBe(sampledIn(response.headers.get("traceresponse")));
      all.add(traceOf(response));
      if (sampledIn(response.headers.get("traceresponse"))) sampled.add(traceOf(response));
    }
    // Outside of this once in a million runs.
    expect(sampled.size).toBeGreaterThan(4);
    expect(sampled.size).toBeLessThan(36);
    const spans = await gateway.receiver.until((came) => idsOf(came).isSupersetOf(sampled));
    expect(idsOf(spans).intersection(all)).toEqual(sampled);
  });

  it("a caller who does not sample is followed, whatever the id", async () => {
    for (let request = 0; request < 20; request++) {
      const traceId = `${String(request).padStart(2, "0")}f7651916cd43dd8448eb211c80319c`;
      await gateway.classify(SHORT, { traceparent: `00-${traceId}-b7ad6b7169203331-00` });
    }
    const traceId = "ffffffffffffffffffffffffffffffff";
    await gateway.classify(SHORT, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    expect(idsOf(await gateway.receiver.until((came) => came.length > 0))).toEqual(new Set([traceId]));
  });
});

describe("with hedges and shadows", () => {
  beforeAll(async () => {
    const hedge = { enabled: true, afterMs: 20 };
    await gateway.setPolicy({ edge: { share: 0 }, hedge, shadow: { share: 100 }, retryBudget: { percent: 100 } });
  });

  it("what ends after the answer arrives too, below the same root: the try that lost, and the comparison", async () => {
    await gateway.program("hang");
    const hedged = await gateway.classify(SHORT);
    expect(hedged.headers.get("x-spillway-because")).toBe("hedge");
    const lost = (all: readonly Received[]) => all.find((span) => attribute(span, "spillway.aborted") === true);
    expect(lost(await gateway.receiver.until((all) => lost(all) !== undefined))?.traceId).toBe(traceOf(hedged));
    await gateway.program("ok");
    const shadowed = await gateway.classify(SHORT);
    const isShadow = (span: Received) =>
      span.traceId === traceOf(shadowed) && attribute(span, "spillway.try") === "shadow";
    const spans = await gateway.receiver.until((all) => all.some(isShadow));
    expect(roots(spans.filter(({ traceId }) => traceId === traceOf(shadowed)))).toHaveLength(1);
  });
});

describe("with every trace", () => {
  beforeAll(() => gateway.setPolicy({ limits: { inputs: 2 } }));

  it("each of 300 requests leaves one root and all that is below it, those that waited for nothing too", async () => {
    const kinds: [() => Promise<Response>, number][] = [
      [() => gateway.classify(SHORT), 7],
      [() => gateway.fetch("/v1/classify"), 1],
      [() => gateway.fetch("/v1/classify", { method: "POST", body: "{" }), 3],
      [() => gateway.fetch("/nowhere"), 1],
    ];
    const expected = new Map<string, number>();
    for (let done = 0; done < 300; done += 20) {
      const batch = Array.from({ length: 20 }, async (_, index) => {
        const [ask, spans] = kinds[index % kinds.length] ?? [() => gateway.classify(SHORT), 7];
        const response = await ask();
        await response.text();
        expected.set(traceOf(response), spans);
      });
      await Promise.all(batch);
    }
    const total = [...expected.values()].reduce((sum, spans) => sum + spans, 0);
    const spans = await gateway.receiver.until((all) => all.length >= total);
    expect(new Map(expected.keys().map((id) => [id, spans.filter(({ traceId }) => traceId === id).length]))).toEqual(
      expected,
    );
    expect(roots(spans)).toHaveLength(expected.size);
  }, 60_000);

  it("nothing of the text, of keys, of credentials and of addresses arrives", async () => {
    const { id, key } = await gateway.makeKey(CANARY);
    const headers = {
      "x-api-key": key,
      ...bearer(key),
      "user-agent": CANARY,
      "cf-connecting-ip": "192.0.2.77",
      "x-forwarded-for": "192.0.2.77",
      baggage: `text=${CANARY}`,
      traceparent: CANARY,
    };
    const long = `${CANARY} is a prize `.repeat(100);
    const asked = [await gateway.classify(CANARY, headers), await gateway.classify(long, headers)];
    for (const behaviour of ["hands-back-hostile", "http-500", "http-413", "broken-json"]) {
      await gateway.program(behaviour);
      asked.push(await gateway.classify(long, headers));
    }
    asked.push(
      await gateway.fetch(`/v1/classify?q=${CANARY}`, { method: "POST", headers, body: `{"inputs": "${CANARY}` }),
      await gateway.fetch(`/${CANARY}`, { headers }),
      await gateway.classify(CANARY, bearer(CANARY)),
      await gateway.classify(CANARY, { "x-api-key": CANARY }),
      await gateway.classify(CANARY, { "x-api-key": key.replace(id, "a".repeat(12)) }),
    );
    const ids = new Set(asked.map(traceOf));
    const spans = await gateway.receiver.until((all) => idsOf(all).isSupersetOf(ids));
    expect(spans.some(({ name }) => name === "tokenize")).toBe(true);
    const bytes = gateway.receiver.everything.join("\n");
    for (const told of [id, "key-malformed", "key-unknown"]) expect(bytes).toContain(told);
    for (const secret of [CANARY, HOSTILE, "192.0.2.77", "AWS4", ...Object.values(CREDENTIALS)]) {
      expect(bytes).not.toContain(secret);
    }
  });
});
