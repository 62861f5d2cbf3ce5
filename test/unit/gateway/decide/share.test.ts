import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { murmur3 } from "../../../../formats/murmur3.ts";
import { basisPointsOf, insideShare } from "../../../../gateway/decide/share.ts";

/** Made with the Python package mmh3 5 (`mmh3.hash(text, 0, signed=False)`). */
const vectors: [string, number][] = JSON.parse(
  readFileSync(new URL("../../../vectors/murmur3.json", import.meta.url), "utf8"),
);

describe("the sticky split", () => {
  it.each(vectors)("hashes %j as the reference implementation does", (text, hash) => {
    expect(murmur3(text)).toBe(hash);
  });

  it("gives a key the same bucket every time", () => {
    expect(basisPointsOf("caller")).toBe(1055882621 % 10_000);
  });

  it("counts two decimals of the share", () => {
    expect([insideShare(0, 0), insideShare(0, 0.01), insideShare(1, 0.01), insideShare(1, 0.02)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect([insideShare(9998, 99.99), insideShare(9999, 99.99), insideShare(9999, 100)]).toEqual([true, false, true]);
    // 0.29 · 100 is 28.999… in floating point.
    expect(insideShare(28, 0.29)).toBe(true);
  });

  it("never moves a caller off the edge when the share grows", () => {
    const shares = [0, 0.01, 5, 10, 25, 50, 99.99, 100];
    for (let caller = 0; caller < 2000; caller++) {
      const bucket = basisPointsOf(`caller-${caller}`);
      const inside = shares.map((share) => insideShare(bucket, share));
      expect(inside).toEqual(inside.toSorted((a, b) => Number(a) - Number(b)));
    }
  });

  it("splits 100,000 callers evenly (chi-square over 100 bins, p > 0.001)", () => {
    const bins = new Array<number>(100).fill(0);
    for (let caller = 0; caller < 100_000; caller++) {
      const bin = Math.floor(basisPointsOf(`key-${caller}`) / 100);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // The 99.9 % quantile of chi-square with 99 degrees of freedom.
    expect(chiSquare).toBeLessThan(148.23);
  });
});
