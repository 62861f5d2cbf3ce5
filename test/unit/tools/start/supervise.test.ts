/** A service that dies while `npm start` runs, with a clock of the test. */
import { describe, expect, it } from "vitest";
import type { Child } from "../../../../tools/process/child.ts";
import { MAX_PAUSE_MS, supervise } from "../../../../tools/start/supervise.ts";

/** A process that ends when the test ends it. */
function process() {
  const ended = Promise.withResolvers<string>();
  let stops = 0;
  const child: Child = {
    name: "origin",
    pid: null,
    logFile: "logs/origin.log",
    ended: ended.promise,
    died: new Promise(() => {}),
    stop: async () => {
      stops += 1;
    },
  };
  return { child, end: (how: string) => ended.resolve(how), stops: () => stops };
}

/** @param starts what each start after the first gives: a process, or an error */
function supervised(starts: (Child | Error)[], whileDown: readonly string[] = []) {
  const lines: string[] = [];
  const pausesMs: number[] = [];
  const first = process();
  let nowMs = 0;
  let isStopping = false;
  const left = [...starts];
  const service = {
    name: "origin",
    pid: null,
    start: async () => {
      const next = left.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) return next;
      isStopping = true;
      return process().child;
    },
    whileDown: async () => whileDown,
    onceBack: "It is used at once.",
  };
  const over = supervise(service, first.child, {
    nowMs: () => nowMs,
    pause: async (ms) => {
      pausesMs.push(ms);
      nowMs += ms;
    },
    report: (line) => void lines.push(line),
    isStopping: () => isStopping,
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const stop = () => {
    isStopping = true;
  };
  return { first, lines, pausesMs, over, pass, stop };
}

describe("a service that ends", () => {
  it("is reported with how it ended, its log and what callers notice, and is started again", async () => {
    const second = process();
    const run = supervised([second.child], ["Texts fail over."]);
    run.first.end("signal SIGKILL");
    await expect
      .poll(() => run.lines)
      .toEqual([
        "! The origin ended (signal SIGKILL). Its log: logs/origin.log",
        "  Texts fail over.",
        "  Starting the origin again in 1 s.",
        "✓ The origin is back. It is used at once.",
      ]);
    // What it had started may still run.
    expect(run.first.stops()).toBe(1);
    run.stop();
    second.end("signal SIGTERM");
    await run.over;
    expect(run.lines).toHaveLength(4);
  });

  it("is started again with pauses that double up to half a minute, however often that fails", async () => {
    const run = supervised(Array.from({ length: 8 }, () => new Error("port 8790 is in use")));
    run.first.end("exit code 1");
    await run.over;
    expect(run.pausesMs).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, MAX_PAUSE_MS]);
    expect(run.lines.filter((line) => line === "! The origin did not start: port 8790 is in use")).toHaveLength(8);
  });

  it("waits longer each time that it ends soon after its start, and a second after a minute of work", async () => {
    const [second, third, fourth] = [process(), process(), process()];
    const run = supervised([second.child, third.child, fourth.child]);
    run.first.end("exit code 1");
    await expect.poll(() => run.lines.at(-1)).toMatch(/is back/);
    second.end("exit code 1");
    await expect.poll(() => run.pausesMs).toEqual([1000, 2000]);
    await expect.poll(() => run.lines.at(-1)).toMatch(/is back/);
    run.pass(60_000);
    third.end("exit code 1");
    await expect.poll(() => run.pausesMs).toEqual([1000, 2000, 1000]);
    run.stop();
    fourth.end("signal SIGTERM");
    await run.over;
  });

  it("is no news when the whole system is being stopped", async () => {
    const run = supervised([]);
    run.stop();
    run.first.end("signal SIGTERM");
    await run.over;
    expect([run.lines, run.pausesMs]).toEqual([[], []]);
  });
});
