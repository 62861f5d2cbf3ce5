/** Which traces are kept although they are not sampled, and what is dropped with the others. */
import { describe, expect, it } from "vitest";
import { LONG, SHORT } from "../../support/texts.ts";
import { client, rootOf, tracedGateway } from "../support/traced-gateway.ts";
import { attributesOf, named, type Sent, send, texts } from "../support/traced-requests.ts";

const { gatewayWith } = tracedGateway();

describe("a trace that is not sampled", () => {
  const unsampled = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" };
  const sentBy = async (behaviour: string, policy: object, asked = texts(SHORT)) =>
    send(await gatewayWith(behaviour, { sampling: { slowMs: 60_000 }, ...policy }), { ...asked, headers: unsampled });
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
