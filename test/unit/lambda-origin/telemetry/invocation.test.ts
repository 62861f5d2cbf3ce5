import { afterEach, describe, expect, it, vi } from "vitest";
import { Invocation } from "../../../../lambda-origin/telemetry/invocation.ts";

const unsampled = {
  headers: {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    "x-spillway-timeout-ms": "1000",
  },
};
const warm = { init: undefined, dropped: { spans: 0, logs: 0 } };
let nowMs = 0;

afterEach(() => vi.restoreAllMocks());

function begun(): Invocation {
  nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  return new Invocation(unsampled, {}, warm);
}

describe("an invocation's spans", () => {
  it("that were handed back in time are not sent too, though the answer left late", () => {
    const invocation = begun();
    nowMs = 999;
    expect(invocation.account(200).trace?.spans).toHaveLength(1);
    nowMs = 1_001;
    expect(invocation.conclude(200)).toBe("hand-back");
  });

  it("are sent where they were handed back to an answer that failed after all", () => {
    const invocation = begun();
    expect(invocation.account(200).trace).toBeDefined();
    expect(invocation.conclude(500)).toBe("export");
  });

  it("are not handed back once they were sent", () => {
    const invocation = begun();
    expect(invocation.conclude(undefined, "timeout")).toBe("export");
    expect(invocation.account(200).trace).toBeUndefined();
  });

  it("are not handed back to a gateway that has given up", () => {
    const invocation = begun();
    nowMs = 1_001;
    expect(invocation.account(200).trace).toBeUndefined();
    expect(invocation.conclude(200)).toBe("export");
  });

  it("are handed back with a refusal too", () => {
    const invocation = begun();
    expect(invocation.account(413).trace?.spans[0]?.attributes["http.response.status_code"]).toBe(413);
    expect(invocation.conclude(413)).toBe("hand-back");
  });

  it("are sent where no answer has carried them", () => {
    expect(begun().conclude(200)).toBe("export");
  });
});

describe("the SERVER span", () => {
  const shownMs = ({ server }: Invocation) => Number(server.endUnixNano - server.startUnixNano) / 1e6;

  it("ends when the cost of the answer is told, and is as long: what comes after changes neither", () => {
    const invocation = begun();
    nowMs = 729;
    const { usage, trace } = invocation.account(200);
    nowMs = 738;
    invocation.conclude(200);
    expect(usage?.durationMs).toBe(729);
    expect(shownMs(invocation)).toBe(729);
    expect(invocation.facts["spillway.origin.duration_ms"]).toBe(729);
    expect(trace?.spans[0]?.endUnixNano).toBe(String(invocation.server.endUnixNano));
  });

  it("ends anew where another answer, or none, has taken the place of the one that was told of", () => {
    for (const [told, status] of [
      [200, 500],
      [200, undefined],
    ] as const) {
      const invocation = begun();
      nowMs = 100;
      invocation.account(told);
      nowMs = 200;
      invocation.conclude(status, "timeout");
      expect(shownMs(invocation)).toBe(200);
    }
  });

  it("that was sent before the answer came keeps its end, and the answer tells its own time", () => {
    const invocation = begun();
    nowMs = 100;
    invocation.conclude(undefined, "timeout");
    nowMs = 300;
    expect(invocation.account(200).usage?.durationMs).toBe(300);
    expect(shownMs(invocation)).toBe(100);
  });
});
