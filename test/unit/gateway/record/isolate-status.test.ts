import { expect, it } from "vitest";
import { parseDelta } from "../../../../formats/ledger/delta.ts";
import { isolateStatus } from "../../../../gateway/record/isolate-status.ts";
import type { EdgeStatus, OriginStatus, Sides } from "../../../../gateway/sides.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";

it("an isolate's state names its breakers and what it does with the candidate, and a message accepts it, also without one", () => {
  const breaker = { state: "closed", reason: null, retryAtMs: null } as const;
  const candidate = { model: "mail@2", state: "rejected", reason: "nicht lesbar: ü" } as const;
  const edge = {
    state: "ready",
    model: "mail@1",
    candidate,
    queuedTexts: 2,
    breaker,
  } as Partial<EdgeStatus> as EdgeStatus;
  const origin = { breaker: { ...breaker, state: "open" } } as Partial<OriginStatus> as OriginStatus;
  const sides = {
    edge: { status: () => edge },
    origins: { status: () => new Map([["eu", origin]]) },
  } as unknown as Sides;
  const policies = { known: () => defaultPolicy(), read: () => Promise.reject(new Error("not read")) };
  const status = isolateStatus({ sides, policies });
  expect(status).toEqual({
    policy: 0,
    model: "mail@1",
    candidate: { model: "mail@2", state: "rejected", reason: "nicht lesbar:  " },
    edgeState: "ready",
    breakers: { edge: "closed", "origin:eu": "open" },
    queuedTexts: 2,
  });
  const delta = { isolate: "i", seq: 1, recordsBefore: 0, status: { ...status, colo: "" }, cells: new Uint8Array() };
  expect(parseDelta(delta).status).toEqual({ ...status, colo: "" });
  const { candidate: _, ...before } = delta.status;
  expect(parseDelta({ ...delta, status: before }).status.candidate).toBeNull();
});
