/** An origin whose concurrency is used up, inside workerd: no breaker opens, this isolate calls it less, and no caller takes all of it. */
import { describe, expect, it } from "vitest";
import { bearer } from "../../support/credentials.ts";
import { LONG } from "../../support/texts.ts";
import { storeKey } from "../support/api-keys.ts";
import { program, seenBy, urlOf } from "../support/faulty.ts";
import { aGateway, classify, handClock } from "../support/gateway.ts";

const gatewayOf = (behaviour: string) =>
  aGateway({ modelId: "mail-tagger@none", originUrl: urlOf(behaviour), clock: handClock() });

function originOf(gateway: ReturnType<typeof gatewayOf>) {
  const status = gateway.world.sides.origins.status().get("default");
  if (status === undefined) throw new Error("the policy names no origin, so the default one is there");
  return status;
}

describe("an origin that answers 429", () => {
  it("turns each text away with 503 and Retry-After, opens no breaker, and is called again at once", async () => {
    const gateway = gatewayOf("programmed?throttled");
    await program("programmed?throttled", "http-429");
    for (let call = 0; call < 12; call++) {
      const refused = await classify(gateway, LONG);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    }
    expect(originOf(gateway)).toMatchObject({ breaker: { state: "closed" }, lastFailure: "http-429", places: 2 });
    expect((await seenBy("programmed?throttled")).calls).toBeGreaterThanOrEqual(12);
    await program("programmed?throttled", "ok");
    expect((await classify(gateway, LONG)).status).toBe(200);
    expect(originOf(gateway)).toMatchObject({ breaker: { state: "closed" }, lastFailure: null });
  });

  it("is called less: what has no place is refused without a call", async () => {
    const gateway = gatewayOf("four-places?less");
    for (let round = 0; round < 4; round++)
      await Promise.all(Array.from({ length: 16 }, () => classify(gateway, LONG)));
    expect(originOf(gateway).places).toBeLessThan(16);
    const answers = await Promise.all(Array.from({ length: 64 }, () => classify(gateway, LONG)));
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(originOf(gateway).breaker.state).toBe("closed");
  });

  it("is not one caller's: while one key sends more than it has places, another key's texts are answered", async () => {
    const gateway = gatewayOf("four-places?fair");
    const [greedy, other] = [bearer((await storeKey()).key), bearer((await storeKey()).key)];
    const storm = () =>
      Promise.all(Array.from({ length: 5 }, () => classify(gateway, Array(4).fill(LONG), { headers: greedy })));
    for (let round = 0; round < 6; round++) {
      const storming = storm();
      let status = 0;
      for (let attempt = 0; attempt < 4 && status !== 200; attempt++) {
        status = (await classify(gateway, LONG, { headers: other })).status;
      }
      expect(status).toBe(200);
      await storming;
    }
    expect(originOf(gateway).breaker.state).toBe("closed");
  });
});
