import type { Instance, Outcome } from "./instance.ts";

export type PoolSettings = {
  /** Events being answered at the same time; one more is throttled. */
  concurrencyLimit: number;
  /** From the moment the instance gets the event; past it the process is killed. */
  timeoutMs: number;
  /** From the start of the process until its handler module is imported. */
  initTimeoutMs: number;
  /** An instance unused for longer is ended. */
  warmMs: number;
};

export type PoolOutcome =
  | { kind: "answered"; result: unknown }
  | { kind: "throttled" }
  | { kind: "failed"; reason: string };

export type Pool = {
  invoke(requestId: string, event: unknown): Promise<PoolOutcome>;
  /** Starts one instance ahead of the first event; resolves to the reason where that fails. */
  prewarm(): Promise<string | undefined>;
  /** Ends instances that were unused for too long. Also done before each event, so it need not be exact. */
  sweep(): void;
  /** Ends every instance; events in flight fail. Resolves when no process is left. */
  stop(): Promise<void>;
};

type Idle = { instance: Instance; lastUsedMs: number };

/** One event at a time per instance; a concurrent event starts another instance, as on Lambda. */
export function createPool(settings: PoolSettings, start: () => Instance, now: () => number): Pool {
  const alive = new Set<Instance>();
  let idle: Idle[] = [];
  let busy = 0;
  let stopped = false;

  function startTracked(): Instance {
    const instance = start();
    alive.add(instance);
    instance.exited.then(() => {
      alive.delete(instance);
      idle = idle.filter((one) => one.instance !== instance);
    });
    return instance;
  }

  async function coldStart(): Promise<{ instance: Instance } | { reason: string }> {
    const instance = startTracked();
    const outcome = await within(settings.initTimeoutMs, instance.ready);
    if (outcome.kind === "ready") return { instance };
    instance.kill();
    return { reason: `INIT failed: ${reasonOf(outcome)}` };
  }

  function sweep(): void {
    const oldestMs = now() - settings.warmMs;
    for (const { instance } of idle.filter((one) => one.lastUsedMs <= oldestMs)) instance.kill();
    idle = idle.filter((one) => one.lastUsedMs > oldestMs);
  }

  /** The most recently used instance first: the others get the chance to expire. */
  async function takeInstance(): Promise<{ instance: Instance } | { reason: string }> {
    sweep();
    return idle.pop() ?? coldStart();
  }

  async function invoke(requestId: string, event: unknown): Promise<PoolOutcome> {
    const taken = await takeInstance();
    if ("reason" in taken) return { kind: "failed", reason: taken.reason };
    const { instance } = taken;
    const deadlineMs = now() + settings.timeoutMs;
    const outcome = await within(settings.timeoutMs, instance.invoke({ requestId, event, deadlineMs }));
    // A handler that threw leaves a healthy process behind; anything else unexpected does not.
    if (outcome.kind === "answered" || outcome.kind === "failed") idle.push({ instance, lastUsedMs: now() });
    else instance.kill();
    if (outcome.kind === "answered") return { kind: "answered", result: outcome.result };
    return { kind: "failed", reason: reasonOf(outcome) };
  }

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    busy += 1;
    try {
      return await work();
    } finally {
      busy -= 1;
    }
  }

  return {
    async invoke(requestId, event) {
      if (stopped) return { kind: "failed", reason: "the origin is stopping" };
      if (busy >= settings.concurrencyLimit) return { kind: "throttled" };
      return counted(() => invoke(requestId, event));
    },
    prewarm: () =>
      counted(async () => {
        const started = await coldStart();
        if ("reason" in started) return started.reason;
        idle.push({ ...started, lastUsedMs: now() });
        return undefined;
      }),
    sweep,
    async stop() {
      stopped = true;
      const leaving = [...alive];
      for (const instance of leaving) instance.kill();
      await Promise.all(leaving.map((instance) => instance.exited));
    },
  };
}

type Settled = Outcome | { kind: "timed-out"; timeoutMs: number };

function within(timeoutMs: number, work: Promise<Outcome>): Promise<Settled> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: "timed-out", timeoutMs }), timeoutMs);
    work.then((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}

function reasonOf(outcome: Settled): string {
  if (outcome.kind === "timed-out") return `timed out after ${outcome.timeoutMs} ms`;
  if ("reason" in outcome) return `${outcome.kind}: ${outcome.reason}`;
  return `unexpected reply "${outcome.kind}"`;
}
