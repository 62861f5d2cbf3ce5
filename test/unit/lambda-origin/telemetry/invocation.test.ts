import { afterEach, describe, expect, it, vi } from "vitest";
import { Invocation } from "../../../../lambda-origin/telemetry/invocation.ts";

const unsampled = {
  headers: {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    "x-spillway-timeout-ms": "1000",
  },
};
const warm = { init: null, dropped: { spans: 0, logs: 0 } };
let nowMs = 0;

afterEach(() => vi.restoreAllMocks());

function newInvocation(): Invocation {
  nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  return new Invocation(unsampled, {}, warm);
}

describe("an invocation's spans", () => {
  it("that were returned in time are not exported too, though the answer left late", () => {
    const invocation = newInvocation();
    nowMs = 999;
    expect(invocation.account(200).trace?.spans).toHaveLength(1);
    nowMs = 1_001;
    expect(invocation.conclude(200)).toBe("return");
  });

  it("are exported where the answer that returned them failed after all", () => {
    const invocation = newInvocation();
    expect(invocation.account(200).trace).toBeDefined();
    expect(invocation.conclude(500)).toBe("export");
  });

  it("are not returned once they were exported", () => {
    const invocation = newInvocation();
    expect(invocation.conclude(undefined, "timeout")).toBe("export");
    expect(invocation.account(200).trace).toBeUndefined();
  });

  it("are not returned after the gateway's timeout", () => {
    const invocation = newInvocation();
    nowMs = 1_001;
    expect(invocation.account(200).trace).toBeUndefined();
    expect(invocation.conclude(200)).toBe("export");
  });

  it("are returned with a refusal too", () => {
    const invocation = newInvocation();
    expect(invocation.account(413).trace?.spans[0]?.attributes["http.response.status_code"]).toBe(413);
    expect(invocation.conclude(413)).toBe("return");
  });

  it("are exported where no answer returned them", () => {
    expect(newInvocation().conclude(200)).toBe("export");
  });
});

describe("the SERVER span", () => {
  const shownMs = ({ server }: Invocation) => Number(server.endUnixNano - server.startUnixNano) / 1e6;

  it("ends when the answer states its cost, with the same duration: later work changes neither", () => {
    const invocation = newInvocation();
    nowMs = 729;
    const { usage, trace } = invocation.account(200);
    nowMs = 738;
    invocation.conclude(200);
    expect(usage?.durationMs).toBe(729);
    expect(shownMs(invocation)).toBe(729);
    expect(invocation.facts["spillway.origin.duration_ms"]).toBe(729);
    expect(trace?.spans[0]?.endUnixNano).toBe(String(invocation.server.endUnixNano));
  });

  it("ends again where another answer, or none, replaced the one that stated its cost", () => {
    for (const [stated, status] of [
      [200, 500],
      [200, undefined],
    ] as const) {
      const invocation = newInvocation();
      nowMs = 100;
      invocation.account(stated);
      nowMs = 200;
      invocation.conclude(status, "timeout");
      expect(shownMs(invocation)).toBe(200);
    }
  });

  it("that was exported before the answer keeps its end, and the answer states its own duration", () => {
    const invocation = newInvocation();
    nowMs = 100;
    invocation.conclude(undefined, "timeout");
    nowMs = 300;
    expect(invocation.account(200).usage?.durationMs).toBe(300);
    expect(shownMs(invocation)).toBe(100);
  });
});
