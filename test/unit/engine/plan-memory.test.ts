/** The planned memory is what a run needs, and not more than an isolate has. */
import { describe, expect, it } from "vitest";
import { runToEnd } from "../../../engine/encoder/encoder.ts";
import { decodeHeader, encodeHeader } from "../../../engine/format/header.ts";
import { planMemory } from "../../../engine/plan-memory.ts";
import { DISTILBERT, randomEncoder, randomIds } from "../../../engine/sample/random-encoder.ts";
import { loadEncoder, SMALL } from "../../support/engine.ts";

const MEBIBYTE = 1_048_576;

describe("planMemory", () => {
  it("keeps DistilBERT with 512 tokens, in one text or in 64, within 74 MiB", () => {
    const header = decodeHeader(encodeHeader(DISTILBERT, [], 0));
    expect(planMemory(header, 512).totalBytes).toBeLessThanOrEqual(74 * MEBIBYTE);
  });

  it("plans enough for exactly as many tokens as were asked for, in one text or one token a text", () => {
    const weights = randomEncoder({ ...SMALL, tokenTypes: 2 }, { seed: 3 });
    const roomy = loadEncoder(weights, 64);
    for (let tokens = 1; tokens <= 20; tokens++) {
      const encoder = loadEncoder(weights, tokens);
      const ids = randomIds(SMALL, tokens, tokens);
      const kinds = ids.map((_, index) => index % 2);
      for (const texts of [[{ ids, kinds }], ids.map((id) => ({ ids: [id], kinds: [1] }))]) {
        expect(runToEnd(encoder.run(texts))).toEqual(runToEnd(roomy.run(texts)));
        // The weights lie first: what wrote beyond its buffer would show in the next run.
        expect(runToEnd(encoder.run(texts))).toEqual(runToEnd(roomy.run(texts)));
      }
    }
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %f tokens", (tokens) => {
    const header = decodeHeader(encodeHeader(SMALL, [], 0));
    expect(() => planMemory(header, tokens)).toThrow(RangeError);
  });
});
