/** What a caller gets: short texts from the edge, long ones from the origin, one trace for both, under policies that change while it runs. */
import { connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import everyday from "../../../models/mail-tagger-recipe/everyday-check.json" with { type: "json" };
import { HAM, LONG, SHORT } from "../../support/texts.ts";
import { sendHalfABody } from "../support/half-body.ts";
import { applyPolicy, removePolicy, storePolicy, useDefaults } from "../support/stored.ts";
import { askByContract, classify, type Running, until } from "../support/system.ts";
import { rootOf, spansOf } from "../support/traces.ts";

const way = ({ headers }: { headers: Headers }) => [headers.get("x-spillway-route"), headers.get("x-spillway-because")];

/** Its policies are newer than those of the parts before: a gateway refuses an older one. @param started a system with any policy */
export function answerTests(started: () => Running): void {
  let system: Running;
  /** Sent first: the gateway waits 15 s for the rest, and the other tests run during that time. */
  let halfABody: ReturnType<typeof sendHalfABody>;
  beforeAll(() => {
    system = started();
    halfABody = sendHalfABody(system);
  });

  describe("a text", () => {
    beforeAll(() => useDefaults(system));

    it("is answered at the edge when it is short", async () => {
      const answer = await classify(system, SHORT);
      expect(answer.status).toBe(200);
      expect(way(answer)).toEqual(["edge", "within-share"]);
      expect(answer.body[0][0].label).toBe("spam");
      expect(answer.headers.get("x-spillway-model")).toMatch(/^mail-tagger@[0-9a-f]{12}$/);
      expect(answer.headers.get("x-spillway-policy")).toBe("0");
    });

    it("is answered by the origin when it is long, by the same package", async () => {
      const [short, long] = [await classify(system, SHORT), await classify(system, LONG)];
      expect(way(long)).toEqual(["origin", "too-long"]);
      expect(long.body[0][0].label).toBe("ham");
      expect(long.headers.get("x-spillway-model")).toBe(short.headers.get("x-spillway-model"));
    });

    it("takes both routes in one request, and the rows keep the order of the inputs", async () => {
      const answer = await classify(system, [LONG, SHORT]);
      expect(answer.headers.get("x-spillway-route")).toBe("mixed");
      expect(answer.body.map((row: { label: string }[]) => row[0]?.label)).toEqual(["ham", "spam"]);
    });
  });

  describe("one trace", () => {
    it("contains the spans of the gateway and the Lambda function for a text at the origin, in the right order", async () => {
      const { headers } = await classify(system, LONG);
      const spans = await spansOf(system, headers.get("traceresponse"), 7);
      const by = (service: string, kind: string) =>
        spans.find((span) => span.attributes["service.name"] === service && span.kind === kind);
      const [root, call, lambda] = [
        by("spillway-gateway", "SERVER"),
        by("spillway-gateway", "CLIENT"),
        by("spillway-origin", "SERVER"),
      ];
      expect(root?.parentSpanId).toBeUndefined();
      expect(call?.parentSpanId).toBe(root?.spanId);
      expect(lambda?.parentSpanId).toBe(call?.spanId);
      expect(root?.attributes).toMatchObject({ "spillway.route": "origin", "spillway.because": "too-long" });
      expect(lambda?.attributes["faas.name"]).toBe("spillway-origin");
      const parts = spans.filter(({ parentSpanId }) => parentSpanId === lambda?.spanId).map(({ name }) => name);
      expect(parts.toSorted()).toEqual(["inference", "tokenize", "windows"]);
    });

    it("exists for a text answered at the edge too", async () => {
      const { headers } = await classify(system, SHORT);
      const root = await rootOf(system, headers.get("traceresponse"));
      expect(root.attributes).toMatchObject({
        "spillway.route": "edge",
        "spillway.because": "within-share",
        "spillway.inputs": 1,
        "http.response.status_code": 200,
      });
    });

    it("exists for a refusal, with its reason", async () => {
      const { headers } = await classify(system, []);
      const root = await rootOf(system, headers.get("traceresponse"));
      expect(root.attributes).toMatchObject({
        "spillway.refusal": "unprocessable",
        "spillway.refusal.reason": "no-inputs",
      });
    });

    it("continues the caller's trace", async () => {
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      const { headers } = await classify(system, SHORT, { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
      expect(headers.get("traceresponse")).toContain(traceId);
    });
  });

  describe("one window", () => {
    it("of any of 40 everyday texts and of a pair gets the same label from both sides, with scores within 0.05", async () => {
      const texts = [...everyday.map(({ text }) => text), { text: SHORT, text_pair: HAM }];
      const edge = await classify(system, texts);
      expect(edge.headers.get("x-spillway-route")).toBe("edge");
      await applyPolicy(system, { version: 101, override: "origin" });
      let last: unknown;
      for (const [index, text] of texts.entries()) {
        // One after another: each further text at the same time would start another instance of the function.
        const origin = await classify(system, text);
        expect(way(origin)).toEqual(["origin", "override"]);
        const [row] = origin.body;
        expect(row[0].label).toBe(edge.body[index][0].label);
        expect(Math.abs(row[0].score - edge.body[index][0].score)).toBeLessThan(0.05);
        last = row;
      }
      expect(last).not.toEqual((await classify(system, SHORT)).body[0]);
      // A pair is not cut into windows.
      expect((await classify(system, { text: SHORT, text_pair: LONG })).status).toBe(413);
    });
  });

  describe("an edit of the stored policy", () => {
    it("takes effect without a restart", async () => {
      await applyPolicy(system, { version: 102, edge: { share: 0 } });
      const answer = await classify(system, SHORT);
      expect(answer.headers.get("x-spillway-policy")).toBe("102");
      expect(way(answer)).toEqual(["origin", "outside-share"]);
    });

    it("that does not parse leaves the last valid policy in force, and /readyz and the trace report it", async () => {
      await storePolicy(system, { version: 103, edge: { share: 1000 } });
      await until("the problem in /readyz", async () => {
        await classify(system, SHORT);
        return (await askByContract(system, "/readyz")).body.policy.problem;
      });
      const { headers } = await classify(system, SHORT);
      expect(headers.get("x-spillway-policy")).toBe("102");
      const root = await rootOf(system, headers.get("traceresponse"));
      expect(root.attributes["spillway.policy.problem"]).toMatch(/edge\.share/);
      await removePolicy(system);
      await until("the defaults", async () => way(await classify(system, SHORT))[1] === "within-share");
    });
  });

  describe("a shadow", () => {
    it("is in the trace of its request, with agreement, distance and both times", async () => {
      await applyPolicy(system, { version: 104, shadow: { share: 100 } });
      const answer = await classify(system, SHORT);
      const shadowed = await until("the shadow's span", async () => {
        const found = await spansOf(system, answer.headers.get("traceresponse"), 4);
        return found.find(({ name }) => name === "shadow");
      });
      expect(shadowed.attributes).toMatchObject({
        "spillway.shadow.side": "origin",
        "spillway.shadow.agrees": true,
        "spillway.shadow.score_distance": expect.any(Number),
        "spillway.shadow.answered_ms": expect.any(Number),
        "spillway.shadow.ms": expect.any(Number),
      });
      await removePolicy(system);
    });
  });

  describe("a trace that the sampling ratio drops", () => {
    it("is still kept whole for a slow request: the Lambda function returns its spans with the answer", async () => {
      const sampling = { ratio: 0, keep: ["refused", "slow"], slowMs: 1 };
      await applyPolicy(system, { version: 105, limits: { originTokens: 2000 }, sampling });
      const { headers } = await classify(system, LONG);
      const spans = await spansOf(system, headers.get("traceresponse"), 7);
      const root = spans.find(({ parentSpanId }) => parentSpanId === undefined);
      expect(root?.attributes["spillway.sampling.kept"]).toBe("slow");
      const call = spans.find(({ kind }) => kind === "CLIENT");
      const lambda = spans.find(({ parentSpanId }) => parentSpanId === call?.spanId);
      expect(lambda?.attributes).toMatchObject({ "service.name": "spillway-origin", "faas.name": "spillway-origin" });
      const parts = spans.filter(({ parentSpanId }) => parentSpanId === lambda?.spanId).map(({ name }) => name);
      expect(parts.toSorted()).toEqual(["inference", "tokenize", "windows"]);
    });

    it("is kept whole for a request that the origin refused", async () => {
      const refused = await classify(system, LONG.repeat(3));
      expect(refused.status).toBe(413);
      const spans = await spansOf(system, refused.headers.get("traceresponse"), 7);
      const lambda = spans.find(
        ({ attributes, kind }) => attributes["service.name"] === "spillway-origin" && kind === "SERVER",
      );
      expect(lambda?.parentSpanId).toBe(spans.find(({ kind }) => kind === "CLIENT")?.spanId);
      expect(lambda?.attributes["http.response.status_code"]).toBe(413);
      const root = spans.find(({ parentSpanId }) => parentSpanId === undefined);
      expect(root?.attributes["spillway.sampling.kept"]).toBe("refused, slow");
      expect(spans.filter(({ parentSpanId }) => parentSpanId === lambda?.spanId).map(({ name }) => name)).toEqual([
        "tokenize",
      ]);
    });
  });

  describe("bad input over the wire", () => {
    it("a body that stops half-way gets the contract's error, and the next request is answered", async () => {
      expect(await halfABody).toEqual({
        status: 400,
        body: {
          error: "The body did not arrive within 15 s. Send the request again.",
          error_type: "malformed",
          request_id: expect.any(String),
        },
      });
      expect((await classify(system, SHORT)).status).toBe(200);
    });

    it("a caller that disconnects in the middle of its body affects no other caller", async () => {
      const socket = connect(system.ports.gateway, "127.0.0.1");
      socket.write(
        'POST /v1/classify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"inp',
      );
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.destroy();
      expect((await classify(system, SHORT)).status).toBe(200);
    });

    it("the gateway still answers after callers that disconnect at once", async () => {
      for (let call = 0; call < 20; call++) {
        const hungUp = new AbortController();
        const answer = fetch(`${system.gateway}/v1/classify`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ inputs: call % 10 === 0 ? LONG : SHORT }),
          signal: hungUp.signal,
        }).catch(() => null);
        setTimeout(() => hungUp.abort(), call);
        await answer;
      }
      expect((await classify(system, SHORT)).status).toBe(200);
      expect((await classify(system, LONG)).status).toBe(200);
    });
  });
}
