import { describe, expect, it } from "vitest";
import { endOf } from "../../../../lambda-origin/telemetry/invocation.ts";

const inTime = { sampled: false, status: 200, elapsedMs: 100, giveUpMs: 8_000 };

describe("fateOf", () => {
  it.each([
    ["hands back what is not sampled", {}, "hand-back"],
    ["exports what is sampled", { sampled: true }, "export"],
    ["hands back a refusal", { status: 413 }, "hand-back"],
    ["hands back the last of the refusals", { status: 499 }, "hand-back"],
    ["exports a sampled refusal", { sampled: true, status: 413 }, "export"],
    ["hands back in the last moment that the gateway waits", { elapsedMs: 8_000 }, "hand-back"],
    ["exports what the gateway no longer waits for", { elapsedMs: 8_001 }, "export"],
    ["exports a refusal that the gateway no longer waits for", { elapsedMs: 8_001, status: 413 }, "export"],
    ["hands back whatever it took where nobody said how long", { elapsedMs: 1e9, giveUpMs: Infinity }, "hand-back"],
    ["exports a failure", { status: 500 }, "export"],
    ["exports where there is no model", { status: 503 }, "export"],
    ["exports where there is no answer", { status: undefined }, "export"],
  ] as const)("%s", (_, bent, fate) => {
    expect(endOf({ ...inTime, ...bent })).toBe(fate);
  });
});
