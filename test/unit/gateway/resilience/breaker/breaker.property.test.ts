import fc from "fast-check";
import { expect, it } from "vitest";
import type { CallOutcome } from "../../../../../gateway/resilience/breaker/classify.ts";
import { breakerWithClock, type OpenCall } from "./breaker-setup.ts";

const settings = {
  consecutive: 3,
  openMs: 20_000,
  failureRatePercent: 50,
  windowMs: 10_000,
  minCalls: 4,
  slowMs: 5_000,
  trialLeaseMs: 15_000,
};

type Step = { do: "wait"; ms: number } | { do: "begin" } | { do: "end"; pick: number; outcome: CallOutcome };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 400, 1_000, 5_001, 15_000, 40_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("begin" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      pick: fc.nat(3),
      outcome: fc.constantFrom<CallOutcome>("failure", "failure", "success", "ignored"),
    }),
  },
);

interface Seen {
  atMs: number;
  bad: boolean;
}

/** What a breaker should do, written down plainly: no opossum, no events, the whole history of a stretch kept. */
class Model {
  stretch = 0;
  sinceMs: number;
  row = 0;
  seen: Seen[] = [];
  /** null while closed. */
  endsAtMs: number | null = null;
  openings = 0;
  probe: { id: number; leaseEndsAtMs: number } | null = null;
  nextId = 0;

  readonly draw: number;

  constructor(sinceMs: number, draw: number) {
    this.sinceMs = sinceMs;
    this.draw = draw;
  }

  refusesUntilMs(nowMs: number): number | null {
    const untilMs = this.probe?.leaseEndsAtMs ?? this.endsAtMs;
    return untilMs !== null && nowMs < untilMs ? untilMs : null;
  }

  begin(nowMs: number): { id: number; stretch: number; startedAtMs: number } | null {
    if (this.refusesUntilMs(nowMs) !== null) return null;
    const id = this.nextId++;
    if (this.endsAtMs !== null) {
      this.probe = { id, leaseEndsAtMs: nowMs + settings.trialLeaseMs };
      this.stretch++;
      this.sinceMs = nowMs;
    }
    return { id, stretch: this.stretch, startedAtMs: nowMs };
  }

  end(call: { id: number; stretch: number; startedAtMs: number }, outcome: CallOutcome, nowMs: number): void {
    if (call.stretch !== this.stretch) return;
    if (this.probe?.id === call.id) {
      this.probe = null;
      if (outcome === "failure") this.open(nowMs);
      if (outcome !== "success") return;
      this.endsAtMs = null;
      this.openings = 0;
      this.row = 0;
      this.seen = [{ atMs: nowMs, bad: false }];
      return;
    }
    if (this.endsAtMs !== null || outcome === "ignored") return;
    const bad = outcome === "failure" || nowMs - call.startedAtMs > settings.slowMs;
    this.row = outcome === "failure" ? this.row + 1 : 0;
    this.seen.push({ atMs: nowMs, bad });
    if (!bad) return;
    const bucket = (atMs: number) => Math.floor((atMs - this.sinceMs) / (settings.windowMs / 10));
    const inWindow = this.seen.filter((one) => bucket(nowMs) - bucket(one.atMs) < 10);
    const percent = (inWindow.filter((one) => one.bad).length / inWindow.length) * 100;
    const tooMany = inWindow.length >= settings.minCalls && percent >= settings.failureRatePercent;
    if (this.row >= settings.consecutive || tooMany) this.open(nowMs);
  }

  open(nowMs: number): void {
    const longestMs = Math.min(300_000, settings.openMs * 2 ** this.openings++ * 1.1);
    const shortestMs = (longestMs * 9) / 11;
    this.endsAtMs = nowMs + Math.round(shortestMs + this.draw * (longestMs - shortestMs));
  }
}

it("does what a plain model of a breaker does, whatever happens in whatever order", async () => {
  const steps = fc.array(step, { minLength: 50, maxLength: 150 });
  const reached = { closed: 0, open: 0, "half-open": 0, probesAbandoned: 0 };
  await fc.assert(
    fc.asyncProperty(steps, fc.double({ min: 0, max: 0.99, noNaN: true }), async (todo, draw) => {
      const { breaker, clock, begin } = breakerWithClock(settings, draw);
      // A breaker made at module scope counts its first buckets from 0.
      const model = new Model(0, draw);
      const running: { real: OpenCall; model: NonNullable<ReturnType<Model["begin"]>> }[] = [];
      for (const one of todo) {
        if (one.do === "wait") clock.atMs += one.ms;
        if (one.do === "begin") {
          const allowed = breaker.allows();
          if (model.probe !== null && allowed) reached.probesAbandoned++;
          const real = begin();
          const expected = model.begin(clock.atMs);
          expect(real.ran).toBe(expected !== null);
          expect(real.ran).toBe(allowed);
          if (expected !== null) running.push({ real, model: expected });
        }
        if (one.do === "end") {
          const [ending] = running.splice(one.pick % Math.max(1, running.length), 1);
          await ending?.real.ends(one.outcome);
          if (ending !== undefined) model.end(ending.model, one.outcome, clock.atMs);
        }
        const { state, retryAtMs } = breaker.status();
        reached[state]++;
        const untilMs = model.refusesUntilMs(clock.atMs);
        const expected =
          model.endsAtMs === null ? "closed" : model.probe === null && untilMs !== null ? "open" : "half-open";
        if (state === expected && retryAtMs === untilMs) continue;
        expect({ state, retryAtMs }).toEqual({ state: expected, retryAtMs: untilMs && expect.closeTo(untilMs, 3) });
      }
    }),
    { numRuns: 200 },
  );
  // The sequences reach every state often enough to mean something.
  for (const times of Object.values(reached)) expect(times).toBeGreaterThan(10);
}, 60_000);
