/** What a request costs by its trace: its own part, and each attempt's. */
import { describe, expect, it } from "vitest";
import { bearer } from "../../support/credentials.ts";
import { LONG, SHORT } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { client, costOf, onlyInWaits, rootOf, tracedGateway } from "../support/traced-gateway.ts";
import { attributesOf, named, send, texts } from "../support/traced-requests.ts";

const { engine, gatewayWith } = tracedGateway();

describe("the cost", () => {
  const OWN_USD = 0.3e-6 + 1 * 0.02e-6;
  const KV_READ_USD = 0.5e-6;

  it("of a request includes its side's, which at the edge depends on the run time", async () => {
    const clock = onlyInWaits();
    engine.onRun = () => clock.passMs(200);
    const sent = await send(await gatewayWith("ok", {}, { clock }), texts(SHORT));
    expect(costOf(named(sent.spans, "edge inference"))).toBeCloseTo(200 * 0.02e-6, 12);
    expect(costOf(rootOf(sent))).toBeCloseTo(OWN_USD + KV_READ_USD + 200 * 0.02e-6, 12);
    const again = await send(await gatewayWith("ok", {}), { body: "{" });
    expect(costOf(rootOf(again))).toBeCloseTo(OWN_USD, 12);
    const { key } = await storeKey();
    const unknown = `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`;
    const refused = await send(await gatewayWith("ok", {}), { ...texts(SHORT), headers: bearer(unknown) });
    expect(refused.response.status).toBe(401);
    expect(costOf(rootOf(refused))).toBeCloseTo(OWN_USD + KV_READ_USD, 12);
  });

  it("of a call is by the function's usage, or by the round trip and then marked as assumed", async () => {
    const stated = await send(await gatewayWith("hands-back", {}), texts(LONG));
    // 1 GB × 121 ms
    expect(costOf(client(stated))).toBeCloseTo(0.2e-6 + 0.121 * 16.6667e-6, 12);
    expect(attributesOf(client(stated))["spillway.cost.assumed"]).toBeUndefined();
    expect(costOf(rootOf(stated))).toBeCloseTo(OWN_USD + KV_READ_USD + costOf(client(stated)), 12);
    const silent = await send(await gatewayWith("ok", {}), texts(LONG));
    expect(attributesOf(client(silent))["spillway.cost.assumed"]).toBe(true);
  });

  it("of a request that fell back, or got no answer, includes the attempt that failed", async () => {
    const budget = { retryBudget: { percent: 100 } };
    for (const input of [SHORT, LONG]) {
      const sent = await send(await gatewayWith("http-500", { edge: { share: 0 }, ...budget }), texts(input));
      const sides = sent.spans.filter(({ name }) => name === "POST" || name === "edge inference");
      const sum = sides.reduce((total, span) => total + costOf(span), 0);
      expect(sides).toHaveLength(input === SHORT ? 2 : 1);
      expect(costOf(client(sent))).toBeGreaterThan(0);
      expect(costOf(rootOf(sent))).toBeCloseTo(OWN_USD + KV_READ_USD + sum, 12);
    }
  });

  it("of a shadow attempt, and of one that lost, is only on its own span", async () => {
    const shadowed = await send(await gatewayWith("hands-back", { shadow: { share: 100 } }), texts(SHORT));
    expect(costOf(client(shadowed))).toBeGreaterThan(0);
    const side = costOf(named(shadowed.spans, "edge inference"));
    expect(costOf(rootOf(shadowed))).toBeCloseTo(OWN_USD + KV_READ_USD + side, 12);
    const hedge = { enabled: true, afterMs: 20 };
    const policy = { edge: { share: 0 }, retryBudget: { percent: 100 }, hedge };
    const hedged = await send(await gatewayWith("hang", policy), texts(SHORT));
    expect(costOf(client(hedged))).toBeGreaterThan(0);
    const won = costOf(named(hedged.spans, "edge inference"));
    expect(costOf(rootOf(hedged))).toBeCloseTo(OWN_USD + KV_READ_USD + won, 12);
  });
});
