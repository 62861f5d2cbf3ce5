import { describe, expect, it } from "vitest";
import type { IsolateEvent } from "../../../../gateway/record/events.ts";
import { eventLog } from "../../../../gateway/record/logs.ts";

const load = { kind: "edge-load", model: "mail@1", loadMs: 512, heapBytes: 7 } as const;
const shadow = {
  kind: "shadow",
  side: "origin",
  arm: "inside",
  policyVersion: 7,
  model: "mail@1",
  isRepeated: false,
} as const;
const paid = { arm: "inside", policyVersion: 7, billed: [], costUsd: 1e-6 } as const;
const breaker = { kind: "breaker", from: "closed", to: "open", reason: "5 failures in a row" } as const;

describe("the log record of an event", () => {
  it.each<[IsolateEvent, string | undefined, string | undefined]>([
    [{ ...load, result: "ready", reason: null }, "INFO", "edge model ready in 512 ms"],
    [{ ...load, result: "failed", reason: "R2 is down" }, "WARN", "edge model failed: R2 is down"],
    [{ ...load, result: "rejected", reason: "no key" }, "ERROR", "edge model rejected: no key"],
    [{ ...breaker, side: "edge", origin: null }, "WARN", "edge breaker open: 5 failures in a row"],
    [{ ...breaker, side: "origin", origin: "eu" }, "WARN", "origin eu breaker open: 5 failures in a row"],
    [
      { ...breaker, side: "edge", origin: null, from: "half-open", to: "closed", reason: null },
      "INFO",
      "edge breaker closed",
    ],
    [{ kind: "policy", version: 7, source: "kv" }, "INFO", "policy version 7 is in force (source: kv)"],
    [{ kind: "policy-problem", problem: "not JSON" }, "WARN", "the stored policy is not in force: not JSON"],
    [{ kind: "policy-problem", problem: null }, "INFO", "the stored policy is in force again"],
    [
      { ...shadow, agrees: false, scoreDistance: 0.4 },
      "INFO",
      "shadow: the best label of the origin differs from the answer's",
    ],
    [{ ...shadow, agrees: true, scoreDistance: 0 }, undefined, undefined],
    [{ kind: "edge-run", outcome: "ok", queueMs: 0, runMs: 9 }, undefined, undefined],
    [{ kind: "origin-call", origin: "eu", outcome: "timeout", tookMs: 9 }, undefined, undefined],
    [{ kind: "attempt-paid", side: "edge", origin: null, attemptKind: "first", ...paid }, undefined, undefined],
    [{ kind: "edge-load-paid", model: "mail@1", billed: [] }, undefined, undefined],
  ])("%j", (event, severity, sentence) => {
    const entry = eventLog(event);
    expect([entry?.severity, entry?.sentence]).toEqual([severity, sentence]);
    for (const key of Object.keys(entry?.attributes ?? {})) expect(entry?.event.attributes).toContain(key);
  });
});
