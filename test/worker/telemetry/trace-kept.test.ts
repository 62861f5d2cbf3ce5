/** Which traces are kept although they are not sampled, and what is dropped with the others. */
import { describe, expect, it } from "vitest";
import { bearer } from "../../support/credentials.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { handClock } from "../support/gateway.ts";
import { client, rootOf, tracedGateway } from "../support/traced-gateway.ts";
import { attributesOf, named, type Sent, send, texts } from "../support/traced-requests.ts";

const { gatewayWith } = tracedGateway();
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

describe("a trace that is not sampled", () => {
  const sentBy = async (behaviour: string, policy: object, asked = texts(SHORT)) => {
    const headers = { ...bearer((await storeKey()).key), traceparent: `${TRACE}-00` };
    return send(await gatewayWith(behaviour, { sampling: { slowMs: 60_000 }, ...policy }), { ...asked, headers });
  };
  const kept = (sent: Sent) => sent.spans.length > 0 && attributesOf(rootOf(sent))["spillway.sampling.kept"];

  it("is kept by the policy in force for the request, not by the one known before", async () => {
    expect(kept(await sentBy("ok", {}))).toBe(false);
    expect(kept(await sentBy("ok", { sampling: { keep: [] } }, { body: "{" }))).toBe("refused"); // no policy was read yet
    expect(kept(await sentBy("http-500", { sampling: { keep: [] } }, texts(LONG)))).toBe(false);
    expect(kept(await sentBy("http-500", { sampling: { keep: ["error"] } }, texts(LONG)))).toBe("error");
  });

  it("is kept for a fallback, with both sides, and for a hedge that won", async () => {
    const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };
    const fallback = await sentBy("http-500", originFirst);
    expect(kept(fallback)).toBe("fallback");
    expect(fallback.spans).toHaveLength(8);
    expect(kept(await sentBy("hang", { ...originFirst, hedge: { enabled: true, afterMs: 20 } }))).toBe("fallback");
    expect(kept(await sentBy("hang", { hedge: { enabled: true, afterMs: 1 } }))).toBe(false);
  });

  it("is kept with the spans that the origin returned, or dropped with them", async () => {
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
    const dropped = await sentBy(
      "refuses-and-hands-back",
      { sampling: { keep: ["slow"], slowMs: 60_000 } },
      texts(LONG),
    );
    expect(dropped.response.status).toBe(413);
    expect(dropped.spans).toEqual([]);
    const quick = await sentBy("hands-back", {}, texts(LONG));
    expect(quick.response.headers.get("x-spillway-route")).toBe("origin");
    expect(quick.spans).toEqual([]);
  });
});

describe("a stranger's request", () => {
  it("is exported ten times a minute and isolate at most, whatever its traceparent and however it is refused", async () => {
    const clock = handClock();
    const gateway = await gatewayWith(
      "ok",
      { sampling: { ratio: 0 } },
      { clock, variables: { ANONYMOUS_ACCESS: "refused" } },
    );
    await send(gateway, { ...texts(SHORT), headers: bearer((await storeKey()).key) }); // the policy is known from now on
    const exported = async (count: number, headers: Record<string, string>) => {
      let traces = 0;
      for (let sent = 0; sent < count; sent++)
        traces += (await send(gateway, { ...texts(SHORT), headers })).spans.length > 0 ? 1 : 0;
      return traces;
    };
    expect(await exported(20, { traceparent: `${TRACE}-01` })).toBe(10);
    expect(await exported(5, bearer("hf_abcdef"))).toBe(0);
    clock.moveMs(60_000);
    expect(await exported(3, {})).toBe(3);
    const known = bearer((await storeKey()).key);
    expect(await exported(15, { ...known, traceparent: `${TRACE}-01` })).toBe(15);
  });

  it("takes no words of the caller's choice into a trace: neither its tracestate nor its host", async () => {
    const host = { PUBLIC_HOST: "gateway" };
    const state = { traceparent: `${TRACE}-01`, tracestate: "vendor=canary" };
    const known = { ...state, ...bearer((await storeKey()).key) };
    const gateway = await gatewayWith("ok", {}, { variables: host });
    for (const { spans } of [await send(gateway, { ...texts(LONG), headers: state })]) {
      expect(JSON.stringify(spans)).not.toContain("canary");
    }
    const sent = await send(gateway, { ...texts(LONG), headers: known });
    expect(new Set(sent.spans.map(({ traceState }) => traceState))).toEqual(new Set(["vendor=canary"]));
    expect(attributesOf(rootOf(sent))["server.address"]).toBe("gateway");
    const unnamed = await send(await gatewayWith("ok", {}), texts(SHORT));
    expect(attributesOf(rootOf(unnamed))).not.toHaveProperty(["server.address"]);
  });
});
