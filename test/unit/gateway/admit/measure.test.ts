import { describe, expect, it } from "vitest";
import type { TextOrPair } from "../../../../formats/tokenizer/tokenizer.ts";
import { measure } from "../../../../gateway/admit/measure.ts";
import { callerOf } from "../../../../gateway/authenticate/caller.ts";
import type { Lifetime } from "../../../../gateway/call.ts";
import type { Tokenized } from "../../../../gateway/sides.ts";

const lifetime: Lifetime = {
  request: Symbol("request"),
  signal: new AbortController().signal,
  keepAlive: () => {},
  afterAnswer: () => {},
};
const caller = callerOf(
  new Headers({ "x-tenant": "t" }),
  { country: "DE", isEUCountry: "1" },
  { id: "k", inputsMax: null },
);

/** `tokenized` is what the isolate's tokenizer makes of any text; null if it has no tokenizer yet. */
async function measured(
  stickyBy: string,
  tokenized: Tokenized | null = null,
  { text = "the text", acceptsPairs = true }: { text?: TextOrPair; acceptsPairs?: boolean } = {},
) {
  let warmed = 0;
  const edge = {
    warm: () => {
      warmed += 1;
    },
    tokenize: async () => tokenized,
    acceptsPairs: () => (tokenized === null ? null : acceptsPairs),
    predictedRunMs: (tokens: number) => tokens * 10,
  };
  const result = await measure(text, edge, { caller, stickyBy, requestId: "r", lifetime });
  return { ...(result.ok ? result.value : { numbers: null, refusal: result.refusal }), warmed };
}

const tokenized = { text: "the text", tokens: 4, tokenIds: [101, 5, 6, 102], typeIds: [0, 0, 0, 0], modelId: "model" };
const pair = { text: "the text", textPair: "another" };

describe("measure", () => {
  it.each([
    ["api-key", "k"],
    ["request", "r"],
    ["header:x-tenant", "t"],
    ["header:x-other", "the text"],
    ["text", "the text"],
  ])("splits by the policy's stickyBy: %s is %j", async (stickyBy, stickyKey) => {
    expect((await measured(stickyBy)).numbers).toMatchObject({ stickyKey, location: { country: "DE", isEu: true } });
  });

  it("measures what the edge would have to hold, and how long that would take", async () => {
    expect(await measured("text", tokenized)).toMatchObject({ tokenized, numbers: { tokens: 4, edgeRunMs: 40 } });
  });

  it.each([
    [pair, '["the text","another"]'],
    [{ text: '["a",', textPair: '"b"]' }, '["[\\"a\\",","\\"b\\"]"]'],
  ])("splits a pair by both of its texts: %j", async (text, stickyKey) => {
    expect((await measured("text", tokenized, { text })).numbers).toMatchObject({ stickyKey });
  });

  it("refuses a pair that the isolate's model has no form for, and leaves it to the origin while it knows no model", async () => {
    const without = { text: pair, acceptsPairs: false };
    expect(await measured("text", tokenized, without)).toMatchObject({
      refusal: { code: "unprocessable", reason: "no-pairs" },
      warmed: 1,
    });
    expect(await measured("text", null, without)).toMatchObject({ tokenized: null, numbers: { tokens: null } });
    expect(await measured("text", tokenized, { acceptsPairs: false })).toMatchObject({ numbers: { tokens: 4 } });
  });

  it("in an isolate without a tokenizer knows no numbers, and starts loading", async () => {
    expect(await measured("text")).toMatchObject({
      tokenized: null,
      numbers: { tokens: null, edgeRunMs: null },
      warmed: 1,
    });
  });
});
