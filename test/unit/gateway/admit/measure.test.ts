import { describe, expect, it } from "vitest";
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
async function measured(stickyBy: string, tokenized: Tokenized | null = null) {
  let warmed = 0;
  const edge = {
    warm: () => {
      warmed += 1;
    },
    tokenize: async () => tokenized,
    predictedRunMs: (tokens: number) => tokens * 10,
  };
  return { ...(await measure("the text", edge, { caller, stickyBy, lifetime })), warmed };
}

describe("measure", () => {
  it.each([
    ["api-key", "k"],
    ["header:x-tenant", "t"],
    ["header:x-other", "the text"],
    ["text", "the text"],
  ])("splits by the policy's stickyBy: %s is %j", async (stickyBy, stickyKey) => {
    expect((await measured(stickyBy)).numbers).toMatchObject({ stickyKey, location: { country: "DE", isEu: true } });
  });

  it("measures what the edge would have to hold, and how long that would take", async () => {
    const tokenized = { text: "the text", tokens: 4, tokenIds: [101, 5, 6, 102], modelId: "model" };
    expect(await measured("text", tokenized)).toMatchObject({ tokenized, numbers: { tokens: 4, edgeRunMs: 40 } });
  });

  it("in an isolate without a tokenizer knows no numbers, and starts loading", async () => {
    expect(await measured("text")).toMatchObject({
      tokenized: null,
      numbers: { tokens: null, edgeRunMs: null },
      warmed: 1,
    });
  });
});
