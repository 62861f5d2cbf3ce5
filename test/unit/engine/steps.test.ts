/** A run is steps, between which its caller may do something else, or end it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_UNITS_PER_MS, EngineStateError, runToEnd } from "../../../engine/encoder/encoder.ts";
import { randomEncoder } from "../../../engine/sample/random-encoder.ts";
import { loadEncoder, SMALL, textOf } from "../../support/engine.ts";

describe("a run in steps", () => {
  const encoder = loadEncoder(randomEncoder(SMALL, { seed: 1 }), 120);
  const [text, other] = [textOf(SMALL, 50, 1), textOf(SMALL, 30, 2)];
  const [expected] = runToEnd(encoder.run([text]));

  it("gives the same logits for any length of step", () => {
    const pauses = (stepMs: number) => {
      const steps = encoder.run([text], { stepMs, unitsPerMs: 1_000_000 });
      for (let count = 0; ; count++) {
        const step = steps.next();
        if (!step.done) continue;
        expect(step.value).toEqual([expected]);
        return count;
      }
    };
    expect(pauses(0.1)).toBeGreaterThan(30);
    expect(pauses(2)).toBeGreaterThan(1);
    expect(pauses(1000)).toBe(0);
  });

  it("keeps each step within its length and one kernel call more", () => {
    for (const units of encoder.run([text], { stepMs: 1, unitsPerMs: 1_000_000 })) {
      expect(units).toBeGreaterThanOrEqual(1_000_000);
      expect(units).toBeLessThan(1_000_000 + 2_000_000);
    }
  });

  it("of a long text has no kernel call of more than an eighth of a millisecond, by the units of work", () => {
    const wide = {
      ...SMALL,
      positions: 512,
      width: 256,
      embeddingWidth: 256,
      heads: 2,
      headSize: 64,
      feedForward: 1024,
    };
    const long = loadEncoder(randomEncoder(wide, { seed: 1 }), 512).run([textOf(wide, 512, 1)], { stepMs: 0 });
    expect(Math.max(...long)).toBeLessThan(DEFAULT_UNITS_PER_MS / 8);
  });

  it("has the length that is asked for as each step begins", () => {
    const unitsOf = (stepMs: number | (() => number)) => [...encoder.run([text], { stepMs, unitsPerMs: 1_000_000 })];
    const askedMs: number[] = [];
    const units = unitsOf(() => {
      askedMs.push(askedMs.length % 2);
      return askedMs.at(-1) ?? 0;
    });
    expect(askedMs.length).toBe(units.length + 1);
    for (const [step, ms] of askedMs.slice(0, -1).entries()) {
      expect(units[step]).toBeGreaterThanOrEqual(ms * 1_000_000);
    }
    expect(units.length).toBeGreaterThan(unitsOf(1).length);
    expect(units.length).toBeLessThan(unitsOf(0).length);
  });

  it("never interleaves with another run", () => {
    const first = encoder.run([text], { stepMs: 0 });
    first.next();
    expect(() => encoder.run([other]).next()).toThrow(EngineStateError);
    expect(runToEnd(first)).toEqual([expected]);
    expect(runToEnd(encoder.run([text]))).toEqual([expected]);
  });

  it("can be ended at any step, and leaves the encoder usable", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), (steps) => {
        const run = encoder.run([other], { stepMs: 0 });
        for (let step = 0; step < steps; step++) run.next();
        run.return([]);
        expect(runToEnd(encoder.run([text]))).toEqual([expected]);
      }),
      { numRuns: 20 },
    );
  });

  it("that its owner has abandoned ends with abort(), and cannot continue", () => {
    const abandoned = encoder.run([other], { stepMs: 0 });
    abandoned.next();
    encoder.abort();
    expect(runToEnd(encoder.run([text]))).toEqual([expected]);
    expect(() => abandoned.next()).toThrow("The run was aborted.");
    expect(runToEnd(encoder.run([text]))).toEqual([expected]);
  });

  it("that was aborted does not disturb the run that follows", () => {
    const abandoned = encoder.run([other], { stepMs: 0 });
    abandoned.next();
    encoder.abort();
    const next = encoder.run([text], { stepMs: 0 });
    next.next();
    expect(() => abandoned.next()).toThrow("The run was aborted.");
    expect(() => encoder.run([other]).next()).toThrow(EngineStateError);
    expect(runToEnd(next)).toEqual([expected]);
  });
});
