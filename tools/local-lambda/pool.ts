/** The pool of instances behind the Function URL. */
import type { Instance, Outcome } from "./instance.ts";

export interface PoolSettings {
  /** Most events that are answered at the same time; one more is throttled. */
  concurrencyLimit: number;
  /** Time to answer an event; after it the process is killed. */
  timeoutMs: number;
  /** Time from the start of the process until its handler module is imported. */
  initTimeoutMs: number;
  /** An instance that was unused for this long is stopped. */
  warmMs: number;
}

export type PoolOutcome =
  | { kind: "answered"; result: unknown }
  | { kind: "throttled" }
  | { kind: "failed"; reason: string };

export interface Pool {
  /** Never rejects. */
  invoke(requestId: string, event: unknown): Promise<PoolOutcome>;
  /** Starts one instance before the first event. Resolves to null, or to the reason if it fails. */
  prewarm(): Promise<string | null>;
  /** Stops instances that were unused for too long. Each event does this too. */
  sweep(): void;
  /** Stops every instance; events in flight fail. Resolves when no process is left. */
  stop(): Promise<void>;
}

interface Idle {
  instance: Instance;
  lastUsedMs: number;
}

type Started = { ok: true; instance: Instance } | { ok: false; reason: string };

/**
 * One event at a time per instance; a concurrent event starts another instance, as on Lambda.
 * @param now milliseconds
 */
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

  async function coldStart(): Promise<Started> {
    const instance = startTracked();
    const outcome = await within(settings.initTimeoutMs, instance.ready);
    if (outcome.kind === "ready") return { ok: true, instance };
    instance.kill();
    return { ok: false, reason: `INIT failed: ${reasonOf(outcome)}` };
  }

  function sweep(): void {
    const oldestMs = now() - settings.warmMs;
    for (const { instance } of idle.filter((one) => one.lastUsedMs <= oldestMs)) instance.kill();
    idle = idle.filter((one) => one.lastUsedMs > oldestMs);
  }

  /** The most recently used instance, so that the others can expire; or a new one. */
  async function takeInstance(): Promise<Started> {
    sweep();
    const warm = idle.pop();
    return warm === undefined ? coldStart() : { ok: true, instance: warm.instance };
  }

  async function invoke(requestId: string, event: unknown): Promise<PoolOutcome> {
    const started = await takeInstance();
    if (!started.ok) return { kind: "failed", reason: started.reason };
    const { instance } = started;
    const deadlineMs = now() + settings.timeoutMs;
    const outcome = await within(settings.timeoutMs, instance.invoke({ requestId, event, deadlineMs }));
    // After a handler that threw, the process is healthy. After anything else unexpected, it is not.
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
        if (!started.ok) return started.reason;
        idle.push({ instance: started.instance, lastUsedMs: now() });
        return null;
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
