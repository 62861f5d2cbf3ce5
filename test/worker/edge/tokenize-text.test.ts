/** What one text may do to the isolate while it is tokenized. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../../gateway/call.ts";
import { SHORT } from "../../support/texts.ts";
import { aLifetime, forgetBackground } from "../support/gateway.ts";
import { anEdge, attempt, realClock, warmed } from "../support/isolate.ts";
import { publish } from "../support/packages.ts";

const BLANKS = " ".repeat(1_000_000);
const HEX = `${" ".repeat(8200)}${"0123456789abcdef".repeat(60_000)}`;

beforeEach(forgetBackground);

/** An edge with a model, and how often its tokenizer let others run. */
async function watchedEdge() {
  const seen = { pauses: 0 };
  const clock: Clock = {
    ...realClock,
    wait: (ms) => {
      seen.pauses += 1;
      return realClock.wait(ms);
    },
  };
  const edge = await warmed(anEdge(await publish(), { clock }));
  seen.pauses = 0;
  return { edge, seen };
}

describe("a text of a megabyte", () => {
  it("of few tokens is tokenized in many steps, and a short text does not wait for it", async () => {
    const { edge, seen } = await watchedEdge();
    const order: string[] = [];
    const long = edge.tokenize(BLANKS, aLifetime()).then((tokenized) => {
      order.push("long");
      return tokenized;
    });
    await edge.tokenize(SHORT, aLifetime());
    order.push("short");
    expect(await long).toMatchObject({ tokens: 2 });
    expect(order).toEqual(["short", "long"]);
    expect(seen.pauses).toBeGreaterThan(30);
  });

  it("of many tokens is left as soon as it is known to be too long", async () => {
    const { edge, seen } = await watchedEdge();
    const words = await edge.tokenize("word ".repeat(200_000), aLifetime());
    expect(words?.tokenIds).toBeNull();
    expect(words?.tokens).toBeLessThan(1000);
    expect(seen.pauses).toBe(0);
  });

  it("of one word is one unknown token", async () => {
    const { edge } = await watchedEdge();
    expect(await edge.tokenize(HEX, aLifetime())).toMatchObject({ tokens: 3 });
  });

  it("is left when its caller is gone", async () => {
    const { edge, seen } = await watchedEdge();
    const gone = new AbortController();
    const tokenized = edge.tokenize(BLANKS, { ...aLifetime(), signal: gone.signal });
    gone.abort();
    expect(await tokenized).toBeNull();
    expect(seen.pauses).toBe(1);
  });
});

describe("a short text", () => {
  it("is tokenized without a pause", async () => {
    const { edge, seen } = await watchedEdge();
    await edge.tokenize(SHORT, aLifetime());
    expect(seen.pauses).toBe(0);
  });
});

describe("a text that is too long for the edge", () => {
  it("is no failure of the edge", async () => {
    const { edge } = await watchedEdge();
    for (let text = 0; text < 20; text++) {
      expect(await attempt(edge, "word ".repeat(2000))).toMatchObject({ failure: { reason: "edge-too-long" } });
    }
    expect(edge.status().breaker).toMatchObject({ state: "closed" });
    expect(edge.conditions().breakerAllows).toBe(true);
  });
});
