/** Pairs through the whole gateway: right scores at the edge, whole at the origin, and refused where the model has no form for them. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TextPair } from "../../../formats/tokenizer/tokenizer.ts";
import type { Gateway } from "../../../gateway/compose.ts";
import { HAM, LONG, SHORT } from "../../support/texts.ts";
import { type EnginePackage, publishEnginePackage } from "../support/engine-package.ts";
import { NO_LISTENER, program, seenBy, urlOf } from "../support/faulty.ts";
import {
  aGateway,
  aLifetime,
  classify,
  handClock,
  originBreaker,
  ready,
  routingOf,
  setPolicy,
  settled,
} from "../support/gateway.ts";
import { publish, publishOrt } from "../support/packages.ts";
import { sharedEngine } from "../support/shared-engine.ts";

const PAIR = { text: SHORT, text_pair: HAM };
const SWAPPED = { text: HAM, text_pair: SHORT };
const LONG_PAIR = { text: SHORT, text_pair: LONG };
const originFirst = { edge: { share: 0 }, retryBudget: { percent: 100 } };

const engine = sharedEngine();
/** A model with token types. */
let typed: EnginePackage;
beforeAll(async () => {
  typed = await publishEnginePackage({ tokenTypes: 2 });
});
afterEach(async () => {
  engine.broken = false;
  await settled();
  await env.POLICIES.delete("policy");
});

const aColdGateway = (behaviour: string) =>
  aGateway({ modelId: typed.modelId, originUrl: urlOf(behaviour), clock: handClock(), engine });

async function gatewayWith(behaviour: string, policy: object = {}): Promise<Gateway> {
  await setPolicy(policy);
  return ready(aColdGateway(behaviour));
}

/** What the path's last call asked for. */
const askedOf = async (path: string): Promise<unknown> => JSON.parse((await seenBy(path)).body);
const wire = ({ text, text_pair }: typeof PAIR) => ({ text, textPair: text_pair, maxTokens: expect.any(Number) });

/** Raw logits of each input in the order of their labels. */
async function rawLogits(gateway: Gateway, inputs: unknown): Promise<number[][]> {
  const response = await classify(gateway, inputs, { parameters: { function_to_apply: "none" } });
  expect(routingOf(response)).toEqual({ status: 200, route: "edge", because: "within-share" });
  const rows: { label: string; score: number }[][] = await response.json();
  const labels = gateway.world.sides.edge.classifier()?.labels ?? [];
  return rows.map((row) => labels.map((label) => row.find((one) => one.label === label)?.score ?? Number.NaN));
}

/** As the gateway tokenizes it. */
async function tokenized(gateway: Gateway, text: string | TextPair) {
  const tokens = await gateway.world.sides.edge.tokenize(text, aLifetime());
  return { ids: tokens?.tokenIds ?? [], kinds: tokens?.typeIds ?? [] };
}

describe("a pair at the edge", () => {
  it("is run with its token types, as the origin's FP32 model runs it: exchanged texts have another answer", async () => {
    const gateway = await gatewayWith("ok?unused");
    const pairs = await Promise.all([
      tokenized(gateway, { text: SHORT, textPair: HAM }),
      tokenized(gateway, { text: HAM, textPair: SHORT }),
    ]);
    const answers = await rawLogits(gateway, [PAIR, SWAPPED]);
    for (const [index, pair] of pairs.entries()) {
      const secondText = pair.ids.indexOf(3) + 1;
      expect(pair.kinds).toEqual(pair.ids.map((_, at) => (at < secondText ? 0 : 1)));
      const expected = typed.referenceOf(pair);
      const withoutTypes = typed.referenceOf({ ids: pair.ids });
      const gaps = (others: ArrayLike<number>) =>
        answers[index]?.map((logit, at) => Math.abs(logit - (others[at] ?? Number.NaN))) ?? [];
      expect(Math.max(...gaps(expected))).toBeLessThan(0.05);
      expect(Math.max(...gaps(withoutTypes))).toBeGreaterThan(0.1);
    }
    expect(
      Math.max(...(answers[0] ?? []).map((logit, at) => Math.abs(logit - (answers[1]?.[at] ?? 0)))),
    ).toBeGreaterThan(0.1);
    expect((await seenBy("ok?unused")).calls).toBe(0);
  });

  it("beside single texts in one list has the answer that it has by itself, in order", async () => {
    const gateway = await gatewayWith("ok");
    const together = await rawLogits(gateway, [SHORT, PAIR, { text: HAM }, SWAPPED]);
    const apart = [];
    for (const input of [SHORT, PAIR, HAM, SWAPPED]) apart.push(...(await rawLogits(gateway, input)));
    expect(together).toEqual(apart);
  });

  it("is served by onnxruntime-web too", async () => {
    const gateway = await ready(
      aGateway({ modelId: await publishOrt(), originUrl: urlOf("ok?unused"), clock: handClock() }),
    );
    // DistilBERT has no token types: the pair is the one text of the same tokens.
    const [pair] = await rawLogits(gateway, PAIR);
    const { sides } = gateway.world;
    const tokens = await sides.edge.tokenize({ text: SHORT, textPair: HAM }, aLifetime());
    const same = await rawLogits(gateway, `${SHORT} [SEP] ${HAM}`);
    expect(tokens?.typeIds).toContain(1);
    expect([pair]).toEqual(same);
  });
});

describe("a pair at the origin is whole", () => {
  it("if it is too long for the edge; one that the origin cannot hold either is 413", async () => {
    const gateway = await gatewayWith("programmed?long-pair");
    await program("programmed?long-pair", "ok");
    expect(routingOf(await classify(gateway, LONG_PAIR))).toEqual({
      status: 200,
      route: "origin",
      because: "too-long",
    });
    expect(await askedOf("programmed?long-pair")).toEqual(wire(LONG_PAIR));
    await program("programmed?long-pair", "http-413");
    const refused = await classify(gateway, LONG_PAIR);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ error_type: "too-large" });
    expect(originBreaker(gateway).state).toBe("closed");
  });

  it("if the edge is cold, or fails, or is slow, and in a shadow", async () => {
    const cold = aColdGateway("ok?cold-pair");
    expect(routingOf(await classify(cold, PAIR)).because).toBe("edge-cold");
    expect(await askedOf("ok?cold-pair")).toEqual(wire(PAIR));
    await settled();

    const failing = await gatewayWith("ok?fallback-pair");
    engine.broken = true;
    expect(routingOf(await classify(failing, PAIR)).because).toBe("edge-failed");
    expect(await askedOf("ok?fallback-pair")).toEqual(wire(PAIR));
    engine.broken = false;

    const shadowed = await gatewayWith("ok?shadowed-pair", { shadow: { share: 100 } });
    expect(routingOf(await classify(shadowed, PAIR)).route).toBe("edge");
    await settled();
    expect(await askedOf("ok?shadowed-pair")).toEqual(wire(PAIR));
  });
});

describe("a pair comes back whole to the edge", () => {
  it.each([
    ["after the origin failed", "http-500", {}, "origin-failed"],
    ["as a hedge of a slow origin", "hang", { hedge: { enabled: true, afterMs: 20 } }, "hedge"],
    ["from a function that knows no pairs", "http-400", {}, "origin-failed"],
  ])("%s", async (_, behaviour, policy, because) => {
    const [expected] = await rawLogits(await gatewayWith("ok"), PAIR);
    await settled();
    const gateway = await gatewayWith(`${behaviour}?pair`, { ...originFirst, ...policy });
    const response = await classify(gateway, PAIR, { parameters: { function_to_apply: "none" } });
    expect(routingOf(response)).toEqual({ status: 200, route: "edge", because });
    const [row = []]: { score: number }[][] = await response.json();
    expect(row.map(({ score }) => score)).toEqual(expected?.toSorted((one, other) => other - one));
  });
});

describe("a pair for a model that has no form for it is 422", () => {
  const REFUSAL = {
    error: "This model does not accept pairs. Send each input without `text_pair`.",
    error_type: "unprocessable",
    request_id: "test-request",
  };
  /** `pair` has no place for the second text. */
  const single = {
    type: "TemplateProcessing",
    single: [{ Sequence: { id: "A", type_id: 0 } }],
    pair: [{ Sequence: { id: "A", type_id: 0 } }],
    special_tokens: {},
  };

  it("by the isolate's own tokenizer, and no side is asked", async () => {
    const { modelId } = await publishEnginePackage({ tokenizer: { post_processor: single } });
    const gateway = await ready(
      aGateway({ modelId, originUrl: urlOf("ok?not-asked"), clock: handClock(), engine: sharedEngine() }),
    );
    const response = await classify(gateway, [SHORT, PAIR]);
    expect([response.status, await response.json()]).toEqual([422, REFUSAL]);
    expect(routingOf(await classify(gateway, SHORT))).toMatchObject({ status: 200, route: "edge" });
    expect((await seenBy("ok?not-asked")).calls).toBe(0);
  });

  it("if the package refuses pairs, although its tokenizer has a form for them", async () => {
    const modelId = await publish((manifest) => Object.assign(manifest, { acceptsPairs: false }));
    const gateway = await ready(
      aGateway({ modelId, originUrl: urlOf("ok"), clock: handClock(), engine: sharedEngine() }),
    );
    expect((await classify(gateway, PAIR)).status).toBe(422);
  });

  it("by the origin's, if the isolate is cold: no fallback, no failure", async () => {
    const gateway = aColdGateway("no-pairs");
    const response = await classify(gateway, PAIR);
    expect([response.status, await response.json()]).toEqual([422, REFUSAL]);
    const status = gateway.world.sides.origins.status().get("default");
    expect(status?.breaker).toMatchObject({ state: "closed" });
  });

  it("by the tokenizer of a load that the text waited for, as the origin is away", async () => {
    const { modelId } = await publishEnginePackage({ tokenizer: { post_processor: single } });
    const gateway = aGateway({ modelId, originUrl: NO_LISTENER, clock: handClock(), engine: sharedEngine() });
    const response = await classify(gateway, PAIR);
    expect([response.status, await response.json()]).toEqual([422, REFUSAL]);
    expect(gateway.world.sides.edge.conditions().breakerAllows).toBe(true);
  });

  it("and a 422 of anything else than Spillway's function is not that", async () => {
    const gateway = await gatewayWith("http-422", originFirst);
    expect(routingOf(await classify(gateway, PAIR))).toMatchObject({ status: 200, because: "origin-failed" });
  });
});
