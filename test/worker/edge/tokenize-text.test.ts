/** What one text may do to the isolate while it is tokenized. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../../gateway/call.ts";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import type { OpenedPackage } from "../../../gateway/edge/load-package.ts";
import { SHORT } from "../../support/texts.ts";
import { publishEnginePackage } from "../support/engine-package.ts";
import { urlOf } from "../support/faulty.ts";
import {
  aGateway,
  aLifetime,
  ask,
  classify,
  eitherEngine,
  forgetBackground,
  type GatewayParts,
  handClock,
  originBreaker,
  REQUEST_ID,
  ready,
  recordingWaits,
  routingOf,
} from "../support/gateway.ts";
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

describe("a request with a text of a megabyte", () => {
  /** One unknown token. */
  const LONG_WORD = "a".repeat(1_000_000);

  async function watchedGateway() {
    const { clock, waits } = recordingWaits(handClock());
    const gateway = await ready(aGateway({ modelId: await publish(), originUrl: urlOf("ok?tokenize"), clock }));
    const turnsWhile = async (answer: () => Promise<Response>) => {
      waits.length = 0;
      expect((await answer()).status).toBe(200);
      return waits.filter((ms) => ms === 0).length;
    };
    await turnsWhile(() => classify(gateway, SHORT));
    clock.moveMs(100);
    return { clock, gateway, turnsWhile };
  }

  it("gives others four turns of the event loop between two steps while they are in progress, and a moment longer", async () => {
    const { clock, gateway, turnsWhile } = await watchedGateway();
    const turns = () => turnsWhile(() => classify(gateway, LONG_WORD));
    const byItself = await turns();
    expect(byItself).toBeGreaterThan(60);
    const { readable, writable } = new TransformStream();
    const request = new Request("http://gateway/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: readable,
    });
    const other = ask(gateway, request);
    const beside = await turns();
    expect(beside).toBeGreaterThan(4 * 60);
    void new Response("{}").body?.pipeTo(writable);
    expect((await other).status).toBe(422);
    expect(await turns()).toBe(beside);
    clock.moveMs(100);
    expect(await turns()).toBe(byItself);
  });

  it("does a few steps until a short text is answered", async () => {
    const { clock, gateway, turnsWhile } = await watchedGateway();
    const ofLong = await turnsWhile(() => classify(gateway, LONG_WORD));
    const ofShort = await turnsWhile(() => classify(gateway, SHORT));
    const order: string[] = [];
    const long = classify(gateway, LONG_WORD).finally(() => order.push("long"));
    await classify(gateway, SHORT).finally(() => order.push("short"));
    clock.moveMs(100);
    const left = await turnsWhile(() => long);
    expect(order).toEqual(["short", "long"]);
    // One turn per step from then on. With one turn per step before too, there would be three times as many.
    expect(ofLong - left).toBeLessThan(2 * ofShort);
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

describe("a text on which the tokenizer throws", () => {
  /** More than any text has on a letter: the tokenizer refuses it. */
  const MARKS = `a${"\u0301".repeat(2000)}`;
  const WORD = "abracadabra";

  /** Its packages have a tokenizer with a bug. */
  function withFaultyTokenizer(): EdgeEngine {
    const real = eitherEngine(realClock);
    const throwing = {
      next: () => {
        throw new RangeError("Maximum call stack size exceeded");
      },
    };
    return {
      ...real,
      load: (opened, stream) => {
        const { tokenizer } = opened as OpenedPackage;
        const encode: typeof tokenizer.encode = (text, most) =>
          text === WORD ? throwing : tokenizer.encode(text, most);
        Object.assign(opened, { tokenizer: { ...tokenizer, encode } });
        return real.load(opened, stream);
      },
    };
  }

  const marked = async () => publishEnginePackage({ tokenizer: { normalizer: { type: "NFC" } } });
  const faulty = async () => ({ modelId: await publish(), engine: withFaultyTokenizer() });
  const cases: [string, string, () => Promise<Pick<GatewayParts, "modelId" | "engine">>][] = [
    ["since it refuses it", MARKS, marked],
    ["since it has a bug", WORD, faulty],
  ];

  it.each(cases)(
    "%s has the origin's 413, is no failure of either side, and the next is answered",
    async (_, text, parts) => {
      const { modelId, engine } = await parts();
      const originUrl = urlOf("http-413?throws");
      const gateway = await ready(aGateway({ modelId, originUrl, clock: handClock(), ...(engine && { engine }) }));
      for (let request = 0; request < 20; request++) {
        const response = await classify(gateway, text);
        expect(response.status).toBe(413);
        expect(await response.json()).toEqual({
          error: expect.stringMatching(/\w/),
          error_type: "too-large",
          request_id: REQUEST_ID,
        });
      }
      expect(gateway.world.sides.edge.status().breaker).toMatchObject({ state: "closed" });
      expect(originBreaker(gateway)).toMatchObject({ state: "closed" });
      expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ status: 200, route: "edge" });
    },
  );

  it.each(cases)("%s is answered by an origin that can tokenize it", async (_, text, parts) => {
    const { modelId, engine } = await parts();
    const originUrl = urlOf("ok?throws");
    const gateway = await ready(aGateway({ modelId, originUrl, clock: handClock(), ...(engine && { engine }) }));
    expect(routingOf(await classify(gateway, [text, SHORT]))).toEqual({
      status: 200,
      route: "mixed",
      because: "too-long, within-share",
    });
  });
});
