/** What two arms of a report tell of the origin's time: measured times are made with known parts, and the parts are found again. */
import { expect, it } from "vitest";
import { seededRandom } from "../../../../../tools/seeded-random.ts";
import { logNormal, noise } from "../../../../../tools/simulation/distributions.ts";
import { originTimeOf } from "../../../../../tools/spillway/plan/origin-time.ts";

const random = seededRandom(7);
const shapesAround = (median: number, sigma: number) =>
  Float32Array.from({ length: 4000 }, () => logNormal({ median, sigma }, random)).sort();
const short = shapesAround(80, 0.4);
const long = shapesAround(900, 0.2);
const at = (sorted: Float32Array, part: number) => sorted[Math.floor(part * sorted.length)] ?? 0;

interface Parts {
  networkMs: number;
  networkNoise: number;
  unitMs: number;
  runNoise: number;
}

/** As the simulation makes them: noise keeps the mean. */
function measured(shapes: Float32Array, { networkMs, networkNoise, unitMs, runNoise }: Parts) {
  const times = shapes
    .map((shape) => networkMs * noise(networkNoise, random) + unitMs * shape * noise(runNoise, random))
    .sort();
  return { p50Ms: at(times, 0.5), p95Ms: at(times, 0.95), shapes };
}

it.each<[string, Parts]>([
  ["a network that spreads", { networkMs: 20, networkNoise: 0.7, unitMs: 0.2, runNoise: 0.15 }],
  ["runs that spread", { networkMs: 30, networkNoise: 0.1, unitMs: 0.5, runNoise: 0.4 }],
])("of %s, both P95s are found again within 5 %%, both medians within 10", (_, parts) => {
  const given = { short: measured(short, parts), long: measured(long, parts) };
  const { runNoise, ...found } = originTimeOf(given.short, given.long);
  const again = { ...found, runNoise: runNoise ?? Number.NaN };
  for (const kind of ["short", "long"] as const) {
    const predicted = measured(given[kind].shapes, again);
    expect(Math.abs(predicted.p50Ms / given[kind].p50Ms - 1)).toBeLessThan(0.1);
    expect(Math.abs(predicted.p95Ms / given[kind].p95Ms - 1)).toBeLessThan(0.05);
  }
});

it("a few long texts that spread more than short ones can do not widen these: their P95 is found again", () => {
  const given = measured(short, { networkMs: 30, networkNoise: 0, unitMs: 0.5, runNoise: 0.1 });
  const wide = measured(long, { networkMs: 30, networkNoise: 0, unitMs: 0.5, runNoise: 0.7 });
  const { runNoise, ...found } = originTimeOf(given, wide);
  expect(found.networkNoise).toBe(0);
  const predicted = measured(short, { ...found, runNoise: runNoise ?? Number.NaN });
  expect(Math.abs(predicted.p95Ms / given.p95Ms - 1)).toBeLessThan(0.05);
});

it("without long texts all of a call's time grows with length, and its P95 is found again", () => {
  const given = measured(short, { networkMs: 0, networkNoise: 0, unitMs: 0.5, runNoise: 0.4 });
  const { runNoise, ...found } = originTimeOf(given, null);
  expect(found).toMatchObject({ networkMs: 0, networkNoise: 0 });
  const predicted = measured(short, { ...found, runNoise: runNoise ?? Number.NaN });
  expect(Math.abs(predicted.p95Ms / given.p95Ms - 1)).toBeLessThan(0.05);
});

it("long texts that are slower than their length explains say nothing of the network", () => {
  const given = measured(short, { networkMs: 20, networkNoise: 0, unitMs: 0.2, runNoise: 0 });
  const slow = measured(long, { networkMs: 20, networkNoise: 0, unitMs: 2, runNoise: 0 });
  expect(originTimeOf(given, slow)).toEqual(originTimeOf(given, null));
});
