import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Instance, startInstance } from "../../../../tools/local-lambda/instance.ts";
import { createPool, type Pool, type PoolOutcome, type PoolSettings } from "../../../../tools/local-lambda/pool.ts";

// These tests start processes, which may be slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });
const LONG_MS = 60_000;
/** For what never ends: its process waits, or is busy, for as long. */
const SHORT_MS = 300;
const settings: PoolSettings = { concurrencyLimit: 2, timeoutMs: LONG_MS, initTimeoutMs: LONG_MS, warmMs: LONG_MS };
let pool: Pool;
/** Of the pool, which reads them for each event. */
let limits: PoolSettings;
let started: Instance[] = [];
let nowMs = 0;

/** A pool of real processes that run one of the functions in fixtures/. */
function poolOf(bend: Partial<PoolSettings> = {}, handler = "handler.handler"): Pool {
  const environment = {
    PATH: process.env["PATH"] ?? "",
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
    LAMBDA_TASK_ROOT: fileURLToPath(new URL("../../lambda-origin/fixtures", import.meta.url)),
    _HANDLER: handler,
    AWS_LAMBDA_FUNCTION_NAME: "spillway-origin",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "3008",
  };
  const start = () => {
    const instance = startInstance(environment);
    started.push(instance);
    return instance;
  };
  limits = { ...settings, ...bend };
  pool = createPool(limits, start, () => nowMs);
  return pool;
}

afterEach(async () => {
  await pool.stop();
  expect(started.every(({ pid }) => !isAlive(pid))).toBe(true);
  started = [];
  nowMs = 0;
});

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

type Answer = {
  pid: number;
  answered: number;
  leftovers: number;
  echo: unknown;
  awsRequestId: string;
  environment: string[];
  remainingMs: number;
};

function answerOf(outcome: PoolOutcome): Answer {
  if (outcome.kind !== "answered") throw new Error(`expected an answer, got ${JSON.stringify(outcome)}`);
  return outcome.result as Answer;
}

describe("a pool of instances", () => {
  it("answers one event after another in the same warm process", async () => {
    poolOf();
    const first = answerOf(await pool.invoke("r1", {}));
    const second = answerOf(await pool.invoke("r2", {}));
    expect(second).toMatchObject({ pid: first.pid, answered: 2, awsRequestId: "r2" });
  });

  it("starts another process for a concurrent event, and refuses the one over the limit", async () => {
    poolOf({ concurrencyLimit: 2 });
    const [first, second, third] = await Promise.all([
      pool.invoke("r1", {}),
      pool.invoke("r2", {}),
      pool.invoke("r3", {}),
    ]);
    expect(third).toEqual({ kind: "throttled" });
    expect(answerOf(first).pid).not.toBe(answerOf(second).pid);
    expect(started).toHaveLength(2);
    // Both are warm now: the next two events start no process.
    await Promise.all([pool.invoke("r4", {}), pool.invoke("r5", {})]);
    expect(started).toHaveLength(2);
  });

  it("passes events and answers of several megabytes", async () => {
    poolOf();
    const echo = "é\n".repeat(1_500_000);
    expect(answerOf(await pool.invoke("r1", { echo })).echo).toBe(echo);
  });

  it("passes the context to the function, with the time until its deadline", async () => {
    poolOf({ timeoutMs: LONG_MS });
    nowMs = Date.now();
    const answer = answerOf(await pool.invoke("r1", {}));
    expect(answer).toMatchObject({ functionName: "spillway-origin", memoryLimitInMB: "3008" });
    expect(answer.remainingMs).toBeGreaterThan(0);
    expect(answer.remainingMs).toBeLessThanOrEqual(LONG_MS);
  });

  it("freezes a process between events: unfinished work continues only during the next event", async () => {
    poolOf();
    await pool.invoke("r1", { do: "leave-work-behind" });
    // A cold start in between takes long enough for work that is not frozen.
    await pool.prewarm();
    const second = answerOfFirstProcess(await Promise.all([pool.invoke("r2", {}), pool.invoke("r3", {})]));
    expect(second).toMatchObject({ answered: 2, leftovers: 0 });
  });

  it("stops a process that was unused for the warm time", async () => {
    poolOf({ warmMs: 1000 });
    const { pid } = answerOf(await pool.invoke("r1", {}));
    nowMs = 999;
    expect(answerOf(await pool.invoke("r2", {})).pid).toBe(pid);
    nowMs = 999 + 1000;
    expect(answerOf(await pool.invoke("r3", {})).pid).not.toBe(pid);
    await started[0]?.exited;
    expect(isAlive(pid)).toBe(false);
  });

  it("starts an instance before the first event with prewarm", async () => {
    poolOf();
    expect(await pool.prewarm()).toBeNull();
    await pool.invoke("r1", {});
    expect(started).toHaveLength(1);
  });
});

describe("a pool recovers from", () => {
  it.each([
    { name: "a function that never answers", order: "hang", timeoutMs: SHORT_MS, reason: "timed out after 300 ms" },
    { name: "a function that blocks its thread", order: "spin", timeoutMs: SHORT_MS, reason: "timed out after 300 ms" },
    { name: "a function that ends its process", order: "crash", timeoutMs: LONG_MS, reason: "exited: exit status 3" },
  ])("$name: the process is stopped and the next event is answered", async ({ order, timeoutMs, reason }) => {
    poolOf({ timeoutMs });
    const outcome = await pool.invoke("r1", { do: order });
    expect(outcome).toEqual({ kind: "failed", reason });
    await started[0]?.exited;
    limits.timeoutMs = LONG_MS;
    expect(answerOf(await pool.invoke("r2", {})).answered).toBe(1);
  });

  it("a function that throws: the process is kept, and the message is not passed on", async () => {
    poolOf();
    const outcome = await pool.invoke("r1", { do: "throw" });
    expect(outcome).toEqual({ kind: "failed", reason: expect.stringMatching(/^failed: TypeError at /) });
    expect(JSON.stringify(outcome)).not.toContain("quote");
    expect(answerOf(await pool.invoke("r2", {})).answered).toBe(2);
  });

  it("a process killed while it was idle", async () => {
    poolOf();
    const { pid } = answerOf(await pool.invoke("r1", {}));
    process.kill(pid, "SIGKILL");
    await started[0]?.exited;
    expect(answerOf(await pool.invoke("r2", {})).pid).not.toBe(pid);
  });

  it.each([
    { name: "fails", handler: "broken-init.handler", reason: /INIT failed: init-failed: INIT cannot work/ },
    { name: "exports nothing", handler: "broken-init.nothing", reason: /INIT failed/ },
    { name: "has no module", handler: "missing.handler", reason: /INIT failed: init-failed: Cannot find module/ },
    {
      name: "never ends",
      handler: "endless-init.handler",
      initTimeoutMs: 500,
      reason: /INIT failed: timed out after 500 ms/,
    },
  ])("an INIT that $name: each event fails and none hangs", async ({ handler, initTimeoutMs = LONG_MS, reason }) => {
    poolOf({ initTimeoutMs }, handler);
    expect(await pool.invoke("r1", {})).toEqual({ kind: "failed", reason: expect.stringMatching(reason) });
    expect(await pool.prewarm()).toMatch(reason);
  });

  it("a stop with events in flight", async () => {
    poolOf();
    await pool.prewarm();
    const inFlight = pool.invoke("r1", { do: "hang" });
    await pool.stop();
    expect(await inFlight).toMatchObject({ kind: "failed" });
    expect(await pool.invoke("r2", {})).toMatchObject({ kind: "failed" });
  });
});

/** Of two concurrent answers, the one of the process that has answered before. */
function answerOfFirstProcess(outcomes: PoolOutcome[]): Answer {
  const answers = outcomes.map(answerOf);
  const first = answers.find(({ pid }) => pid === started[0]?.pid);
  if (!first) throw new Error("the first process answered neither");
  return first;
}
