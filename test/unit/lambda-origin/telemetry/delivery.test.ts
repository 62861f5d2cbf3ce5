import { describe, expect, it } from "vitest";
import { deliveryOf } from "../../../../lambda-origin/telemetry/invocation.ts";

const inTime = { sampled: false, status: 200, elapsedMs: 100, callerTimeoutMs: 8_000 };

describe("the delivery of an invocation's spans", () => {
  it.each([
    ["returns what is not sampled", {}, "return"],
    ["exports what is sampled", { sampled: true }, "export"],
    ["returns a refusal", { status: 413 }, "return"],
    ["returns a refusal of the highest 4xx", { status: 499 }, "return"],
    ["exports a sampled refusal", { sampled: true, status: 413 }, "export"],
    ["returns up to the gateway's timeout", { elapsedMs: 8_000 }, "return"],
    ["exports an answer after the gateway's timeout", { elapsedMs: 8_001 }, "export"],
    ["exports a refusal after the gateway's timeout", { elapsedMs: 8_001, status: 413 }, "export"],
    [
      "returns after any time where the gateway's timeout is not known",
      { elapsedMs: 1e9, callerTimeoutMs: Infinity },
      "return",
    ],
    ["exports a failure", { status: 500 }, "export"],
    ["exports where there is no model", { status: 503 }, "export"],
    ["exports where there is no answer", { status: undefined }, "export"],
  ] as const)("%s", (_, changed, delivery) => {
    expect(deliveryOf({ ...inTime, ...changed })).toBe(delivery);
  });
});
