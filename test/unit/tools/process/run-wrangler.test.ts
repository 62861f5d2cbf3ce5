import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { withinSeconds } from "../../../../tools/process/run-wrangler.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("local bindings that do not open end the command after a time, and are closed when they open later", async () => {
  const dispose = vi.fn(async () => {});
  const { promise: opening, resolve } = Promise.withResolvers<{ dispose: typeof dispose }>();
  const opened = withinSeconds(120, opening);
  const refused = expect(opened).rejects.toThrow(
    /^The local KV and R2 did not open within 120 s: workerd has not started\. The machine may be overloaded; retry\./,
  );
  await vi.advanceTimersByTimeAsync(120_000);
  await refused;
  expect(dispose).not.toHaveBeenCalled();
  resolve({ dispose });
  await vi.advanceTimersByTimeAsync(0);
  expect(dispose).toHaveBeenCalledOnce();
});

it("local bindings that open in time stay open, and no timer remains", async () => {
  const dispose = vi.fn(async () => {});
  await expect(withinSeconds(120, Promise.resolve({ dispose }))).resolves.toEqual({ dispose });
  expect(vi.getTimerCount()).toBe(0);
  expect(dispose).not.toHaveBeenCalled();
});
