import { describe, expect, it } from "vitest";
import { measure } from "../../../../gateway/admit/measure.ts";
import { callerOf } from "../../../../gateway/authenticate/caller.ts";
import type { Call, Tokenized } from "../../../../gateway/world.ts";

const call: Call = {
  requestId: "test",
  traceResponse: undefined,
  isShadow: false,
  signal: new AbortController().signal,
  keepAlive: () => {},
  afterAnswer: () => {},
};
const caller = callerOf(
  new Headers({ "x-tenant": "t" }),
  { country: "DE", isEUCountry: "1" },
  { id: "k", inputsMax: null },
);

/** `tokenized` is what this isolate's tokenizer makes of any text; null where it has none yet. */
function admitted(stickyBy: string, tokenized: Tokenized | null = null) {
  let warmed = 0;
  const edge = {
    warm: () => {
      warmed += 1;
    },
    tokenize: () => tokenized,
    predictedRunMs: (tokens: number) => tokens * 10,
  };
  return { ...measure("the text", caller, stickyBy, edge, call), warmed };
}

describe("admit", () => {
  it.each([
    ["api-key", "k"],
    ["header:x-tenant", "t"],
    ["header:x-other", "the text"],
    ["text", "the text"],
  ])("splits by the policy's stickyBy: %s is %j", (stickyBy, stickyKey) => {
    expect(admitted(stickyBy).numbers).toMatchObject({ stickyKey, place: { country: "DE", isEu: true } });
  });

  it("measures what the edge would have to hold, and how long that would take", () => {
    const tokenized = { text: "the text", tokenIds: [101, 5, 6, 102], modelId: "model" };
    expect(admitted("text", tokenized)).toMatchObject({ tokenized, numbers: { tokens: 4, edgeRunMs: 40 } });
  });

  it("in an isolate without a tokenizer knows no numbers, and starts loading", () => {
    expect(admitted("text")).toMatchObject({ tokenized: null, numbers: { tokens: null, edgeRunMs: null }, warmed: 1 });
  });
});
