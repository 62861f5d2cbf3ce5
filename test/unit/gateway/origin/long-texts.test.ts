import { beforeEach, describe, expect, it } from "vitest";
import { LongTexts } from "../../../../gateway/origin/long-texts.ts";
import { OriginFault } from "../../../../gateway/origin/origin-fault.ts";
import { createBreaker } from "../../../../gateway/resilience/breaker/breaker.ts";

const CONSECUTIVE = 5;
const OPEN_MS = 30_000;

let nowMs: number;
let texts: LongTexts;
/** Whether no other side can answer the texts. */
let isEarly: boolean;
beforeEach(() => {
  isEarly = true;
  nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs };
  texts = new LongTexts(createBreaker("long", { consecutive: 1, openMs: 1 }, { clock, random: () => 0.5 }), clock);
  texts.configure({ consecutive: CONSECUTIVE, openMs: OPEN_MS });
});

/** How a call of a text ends: what the gateway sees. */
type End = "ok" | "timeout" | "network";

async function call(bytes: number, end: End): Promise<string> {
  const origin = async () => {
    if (end !== "ok") throw new OriginFault(end);
    return "answered";
  };
  return texts.run(bytes, origin, { mayBeEarlyTrial: isEarly }).catch((error: unknown) => {
    if (!(error instanceof OriginFault)) throw error;
    return typeof error.what === "object" ? JSON.stringify(error.what) : error.what;
  });
}

async function calls(count: number, bytes: number, end: End): Promise<string[]> {
  const results: string[] = [];
  for (let index = 0; index < count; index++) results.push(await call(bytes, end));
  return results;
}

const PAUSED = JSON.stringify({ pausedMs: OPEN_MS });

describe("texts that may time out because of their size", () => {
  it("are not sent for a while after twice as many timeouts as other texts are allowed", async () => {
    await calls(2 * CONSECUTIVE - 1, 80_000, "timeout");
    expect(texts.status().state).toBe("closed");
    expect(await calls(3, 80_000, "timeout")).toEqual(["timeout", PAUSED, PAUSED]);
  });

  it("are still sent if they are shorter than all that timed out", async () => {
    await calls(10, 80_000, "timeout");
    expect(await call(79_999, "ok")).toBe("answered");
    expect(await call(80_000, "ok")).toBe(PAUSED);
    expect(await call(20_000, "timeout")).toBe("timeout");
    expect(await call(20_000, "ok")).toBe(PAUSED);
  });

  it("the answer to a shorter text does not stop the count, the answer to one as long does", async () => {
    for (let round = 0; round < 9; round++) await calls(1, 80_000, "timeout").then(() => call(30_000, "ok"));
    expect(await call(80_000, "timeout")).toBe("timeout");
    expect(texts.status().state).toBe("open");
    nowMs += 2 * OPEN_MS;
    await call(80_000, "ok");
    await calls(9, 80_000, "timeout");
    await call(90_000, "ok");
    await calls(9, 80_000, "timeout");
    expect(texts.status().state).toBe("closed");
  });

  it("one is a trial after the pause, whose answer lets all others be sent again", async () => {
    await calls(10, 80_000, "timeout");
    nowMs += 2 * OPEN_MS;
    expect(await call(80_000, "timeout")).toBe("timeout");
    expect(await call(80_000, "ok")).toMatch(/pausedMs/);
    nowMs += 4 * OPEN_MS;
    expect(await calls(2, 80_000, "ok")).toEqual(["answered", "answered"]);
  });

  it("other failures are not theirs: the origin's own breaker counts those", async () => {
    await calls(30, 80_000, "network");
    expect(texts.status().state).toBe("closed");
  });

  it("while a trial runs, others get no time to wait for", async () => {
    await calls(10, 80_000, "timeout");
    nowMs += 2 * OPEN_MS;
    const trial = Promise.withResolvers<string>();
    const running = texts.run(80_000, () => trial.promise, {});
    expect(await call(80_000, "ok")).toBe(JSON.stringify({ pausedMs: 0 }));
    trial.resolve("answered");
    expect(await running).toBe("answered");
    expect(await call(80_000, "ok")).toBe("answered");
  });

  it("that are refused are known before a call, with when the pause ends and whether one may be an early trial", async () => {
    expect(texts.pause(() => 7681)).toBeNull();
    await calls(10, 80_000, "timeout");
    const pause = { fromBytes: 80_000, allowsEarlyTrial: false, retryAtMs: nowMs + OPEN_MS };
    expect(texts.pause(() => 7681)).toEqual(pause);
    expect(texts.pause(() => 90_000)).toEqual({ ...pause, fromBytes: 90_000 });
    nowMs += 1000;
    expect(texts.pause(() => 7681)).toEqual({ ...pause, allowsEarlyTrial: true });
    isEarly = false;
    expect(await call(80_000, "ok")).toMatch(/pausedMs/);
    isEarly = true;
    expect(await call(80_000, "ok")).toBe("answered");
    expect(texts.pause(() => 7681)).toBeNull();
  });
});
