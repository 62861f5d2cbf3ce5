// A Worker with nothing but breakers, made at module scope: so they must do without timers, clock and random numbers there.
import { type Breaker, BreakerOpenError, createBreaker } from "../../../gateway/resilience/breaker/breaker.ts";
import type { CallOutcome } from "../../../gateway/resilience/breaker/classify.ts";

/** How the action of one request ends: at once, when released, or never, like one whose client hangs up. */
export type Ending = CallOutcome | "never" | "when-released";

/** What one request saw of its breaker, before it ended. */
export interface Sight {
  ran: boolean;
  state: string;
  reason: string | null;
  retryAtMs: number | null;
  refusedUntilMs: number | null;
}

// Moved by each request's `at`; nothing here waits for real time.
const clock = { atMs: 0, nowMs: () => clock.atMs };

const byRow = { consecutive: 3, openMs: 30_000 };
const byRate = { consecutive: 99, openMs: 30_000, failureRatePercent: 50, windowMs: 10_000, minCalls: 4 };
const breakers = new Map<string, Breaker>(
  ["cycle", "reopen", "hung-up", "hung-up-closed", "given-back", "late"].map((name) => [
    name,
    createBreaker(name, byRow, { clock, random: () => 0.5 }),
  ]),
);
for (const name of ["window-within", "window-past"])
  breakers.set(name, createBreaker(name, byRate, { clock, random: () => 0.5 }));

/** Names the calls that got as far as their action: how a test knows when to hang up. */
const started = new Set<string>();
const released = new Map<string, CallOutcome>();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const id = searchParams.get("id") ?? "";
    if (pathname === "/started") return Response.json(started.has(id));
    if (pathname === "/release") {
      released.set(id, endingOf(searchParams) === "failure" ? "failure" : "success");
      return new Response();
    }

    clock.atMs = Number(searchParams.get("at"));
    const breaker = breakers.get(searchParams.get("breaker") ?? "");
    if (breaker === undefined) return new Response("no such breaker", { status: 404 });
    if (pathname === "/status") return Response.json(see(breaker, false, null));

    let ran = false;
    try {
      const action = () => {
        ran = true;
        started.add(id);
        return end(endingOf(searchParams), id);
      };
      await breaker.run(action, (settled) => (settled.ok ? settled.value : "failure"));
    } catch (error) {
      if (!(error instanceof BreakerOpenError)) throw error;
      return Response.json(see(breaker, ran, error.retryAtMs), { status: 503 });
    }
    return Response.json(see(breaker, ran, null));
  },
};

function see(breaker: Breaker, ran: boolean, refusedUntilMs: number | null): Sight {
  return { ran, ...breaker.status(), refusedUntilMs };
}

function endingOf(searchParams: URLSearchParams): Ending {
  const ending = searchParams.get("ends");
  switch (ending) {
    case "success":
    case "failure":
    case "ignored":
    case "never":
    case "when-released":
      return ending;
    default:
      throw new Error(`ends=${ending}: a call ends in success, failure, ignored, never or when-released`);
  }
}

async function end(ending: Ending, id: string): Promise<CallOutcome> {
  if (ending === "never") {
    // A pending timer keeps the request going until its client leaves; a bare promise would be cut off as hung.
    await scheduler.wait(600_000);
    return "failure";
  }
  if (ending !== "when-released") return ending;
  // Polls, because a promise of another request must not be awaited.
  for (;;) {
    const outcome = released.get(id);
    if (outcome !== undefined) return outcome;
    await scheduler.wait(1);
  }
}
