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
    expect(invocation.account().trace?.spans).toHaveLength(1);
    nowMs = 1_001;
    expect(invocation.conclude(200)).toBe("hand-back");
  });

  it("are sent where they were handed back to an answer that failed after all", () => {
    const invocation = begun();
    expect(invocation.account().trace).toBeDefined();
    expect(invocation.conclude(500)).toBe("export");
  });

  it("are not handed back once they were sent", () => {
    const invocation = begun();
    expect(invocation.conclude(undefined, "timeout")).toBe("export");
    expect(invocation.account().trace).toBeUndefined();
  });

  it("are not handed back to a gateway that has given up", () => {
    const invocation = begun();
    nowMs = 1_001;
    expect(invocation.account().trace).toBeUndefined();
    expect(invocation.conclude(200)).toBe("export");
  });
});
