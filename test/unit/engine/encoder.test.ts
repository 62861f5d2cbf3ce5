/** Whole encoders against the references: every architecture, batches, bad input. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import type { TextInput } from "../../../engine/encoder/texts.ts";
import type { Architecture } from "../../../engine/format/architecture.ts";
import { quantizeEncoder } from "../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../engine/pack/write-weights.ts";
import { floatModel } from "../../../engine/reference/float-model.ts";
import { quantizedModel } from "../../../engine/reference/quantized-model.ts";
import { runReference } from "../../../engine/reference/run-reference.ts";
import { randomEncoder } from "../../../engine/sample/random-encoder.ts";
import { loadEncoder, relativeError, SMALL, textOf } from "../../support/engine.ts";

/** Architectures with the dimensions of SMALL, by what they do differently. */
const ARCHITECTURES: Record<string, Architecture> = {
  DistilBERT: SMALL,
  "BERT, MiniLM: pooler with tanh, two segments": { ...SMALL, tokenTypes: 2, headActivation: "tanh" },
  "ELECTRA: projected embeddings, GELU in the head": {
    ...SMALL,
    tokenTypes: 2,
    embeddingWidth: 24,
    headActivation: "gelu-erf",
  },
  "ALBERT: layers that share their weights, projected embeddings": {
    ...SMALL,
    sharesLayers: true,
    tokenTypes: 2,
    embeddingWidth: 24,
    activation: "gelu-tanh",
    headActivation: "tanh",
  },
  "RoBERTa, XLM-R: positions from the pad token, epsilon 1e-5": {
    ...SMALL,
    padToken: 1,
    headActivation: "tanh",
    epsilon: 1e-5,
  },
  "GELU by tanh, no head": { ...SMALL, activation: "gelu-tanh", headActivation: "none" },
  "ReLU, head size 32, width a multiple of 16": {
    ...SMALL,
    activation: "relu",
    width: 64,
    embeddingWidth: 64,
    heads: 2,
    headSize: 32,
    feedForward: 128,
  },
  "one layer": { ...SMALL, layers: 1, heads: 1, headSize: 8 },
};

describe.each(Object.entries(ARCHITECTURES))("%s", (_name, architecture) => {
  const weights = randomEncoder(architecture, { seed: 7 });
  const encoder = loadEncoder(weights, 120);
  const [float, quantized] = [floatModel(weights), quantizedModel(quantizeEncoder(weights))];

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 13, 33])(
    "%i tokens: the quantized reference's logits, close to full precision's",
    (tokens) => {
      const text = textOf(architecture, tokens, tokens);
      const [logits = new Float32Array()] = runToEnd(encoder.run([text]));
      // An f32 on the border of two 7-bit numbers may fall to either side, so the tail is wider than the rounding of f32.
      expect(relativeError(logits, runReference(quantized, text))).toBeLessThan(3e-3);
      expect(relativeError(logits, runReference(float, text))).toBeLessThan(0.12);
    },
  );

  it("a text beside others, in any order, has the same logits to the bit as by itself", () => {
    const texts = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(100)), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(texts, (shapes) => {
        const all = shapes.map(([tokens, seed]) => textOf(architecture, tokens, seed));
        expect(runToEnd(encoder.run(all))).toEqual(all.flatMap((text) => runToEnd(encoder.run([text]))));
      }),
      { numRuns: 15 },
    );
  });

  it("both variants of the dot product give the same logits to the bit", () => {
    const text = textOf(architecture, 19, 1);
    const [dot16, dot32] = (["dot16", "dot32"] as const).map((variant) =>
      runToEnd(loadEncoder(weights, 64, { variant }).run([text])),
    );
    expect(dot32).toEqual(dot16);
  });
});

describe("details of architectures", () => {
  it("a second segment changes the logits, and kinds of zero do not", () => {
    const architecture = { ...SMALL, tokenTypes: 2 };
    const encoder = loadEncoder(randomEncoder(architecture, { seed: 3 }), 64);
    const ids = [4, 8, 15, 16, 23, 42];
    const run = (text: TextInput) => runToEnd(encoder.run([text]))[0];
    expect(run({ ids, kinds: ids.map(() => 0) })).toEqual(run({ ids }));
    expect(run({ ids, kinds: [0, 0, 0, 1, 1, 1] })).not.toEqual(run({ ids }));
  });

  it("a model with channels 30 times larger than the others stays close to full precision", () => {
    const architecture = { ...SMALL, width: 128, embeddingWidth: 128, heads: 4, headSize: 32, feedForward: 256 };
    const weights = randomEncoder(architecture, { seed: 5, outlierFactor: 30 });
    const encoder = loadEncoder(weights, 64);
    for (const tokens of [5, 20, 60]) {
      const text = textOf(architecture, tokens, tokens);
      const [logits = new Float32Array()] = runToEnd(encoder.run([text]));
      expect(relativeError(logits, runReference(floatModel(weights), text))).toBeLessThan(0.03);
    }
  });
});

describe("layers that share their weights", () => {
  const architecture = { ...SMALL, layers: 12, sharesLayers: true };
  const shared = randomEncoder(architecture, { seed: 4 });

  it("are once in the file, and compute what as many equal layers compute, to the bit", () => {
    const apart = { ...shared, architecture: { ...architecture, sharesLayers: false } };
    const [one, twelve] = [shared, apart].map((weights) => writeWeights(quantizeEncoder(weights)).bytes.length);
    const first = writeWeights(
      quantizeEncoder({ ...apart, architecture: { ...SMALL, layers: 1 }, layers: shared.layers.slice(0, 1) }),
    );
    expect(one).toBe(first.bytes.length);
    expect(twelve).toBeGreaterThan(3 * first.bytes.length);
    const text = textOf(architecture, 21, 3);
    const [logits, expected] = [shared, apart].map((weights) => runToEnd(loadEncoder(weights, 64).run([text])));
    expect(logits).toEqual(expected);
  });

  it("must be the same", () => {
    const { layers } = randomEncoder({ ...architecture, sharesLayers: false }, { seed: 4 });
    expect(() => quantizeEncoder({ ...shared, layers })).toThrow(
      "The model's layers have their own weights; its architecture has one layer for all.",
    );
  });
});

describe("products of several kernel calls", () => {
  it("give the quantized reference's logits: calls begin where tiles of six rows begin", () => {
    const architecture = { ...SMALL, width: 32, embeddingWidth: 32, heads: 1, headSize: 32, feedForward: 3072 };
    const weights = randomEncoder(architecture, { seed: 9 });
    const encoder = loadEncoder(weights, 64);
    for (const tokens of [40, 57]) {
      const text = textOf(architecture, tokens, tokens);
      const [logits = new Float32Array()] = runToEnd(encoder.run([text]));
      expect(relativeError(logits, runReference(quantizedModel(quantizeEncoder(weights)), text))).toBeLessThan(3e-3);
    }
  });
});

describe("refused with one sentence is a run of", () => {
  const encoder = loadEncoder(randomEncoder({ ...SMALL, tokenTypes: 2 }, { seed: 1 }), 80);
  const ids = (count: number) => new Array<number>(count).fill(3);

  it.each<[string, TextInput[], string]>([
    ["no texts", [], "A run has 0 texts; allowed are 1 to 64."],
    ["too many texts", Array.from({ length: 65 }, () => ({ ids: [1] })), "A run has 65 texts; allowed are 1 to 64."],
    ["an empty text", [{ ids: [] }], "A text has 0 tokens; the model allows 1 to 64."],
    ["a text longer than the model's positions", [{ ids: ids(65) }], "A text has 65 tokens; the model allows 1 to 64."],
    [
      "too many tokens in all",
      [{ ids: ids(41) }, { ids: ids(40) }],
      "A run has 81 tokens in all; the model was loaded for at most 80.",
    ],
    ["an unknown token", [{ ids: [3, 200] }], "A token id is 200; the model allows 0 to 199."],
    ["a negative token", [{ ids: [-1] }], "A token id is -1; the model allows 0 to 199."],
    ["half a token", [{ ids: [1.5] }], "A token id is 1.5; the model allows 0 to 199."],
    ["an unknown segment", [{ ids: [1], kinds: [2] }], "A segment kind is 2; the model allows 0 to 1."],
    [
      "kinds of another number",
      [{ ids: [1, 2], kinds: [0] }],
      "A text has 2 tokens and 1 kinds; there must be one for each token.",
    ],
  ])("%s", (_name, texts, sentence) => {
    expect(() => encoder.run(texts)).toThrow(new RangeError(sentence));
  });

  it("a RoBERTa text as long as the position table, which has one row for the pad token", () => {
    const roberta = loadEncoder(randomEncoder({ ...SMALL, padToken: 1 }, { seed: 1 }), 80);
    expect(() => roberta.run([{ ids: ids(64) }])).toThrow("A text has 64 tokens; the model allows 1 to 63.");
    expect(runToEnd(roberta.run([{ ids: ids(63) }]))[0]).toHaveLength(5);
  });
});
