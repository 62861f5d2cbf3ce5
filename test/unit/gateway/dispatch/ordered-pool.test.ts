import { describe, expect, it } from "vitest";
import { runOrdered } from "../../../../gateway/dispatch/ordered-pool.ts";

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

const atOnce = (count: number) => ({ atOnce: count, weightOf: () => 1, maxWeight: 100 });

describe("items in order", () => {
  it("keeps the order of the items, whichever ends first, and never runs more than allowed", async () => {
    let under = 0;
    let most = 0;
    const work = async (item: number) => {
      under += 1;
      most = Math.max(most, under);
      await turns(10 - item);
      under -= 1;
      return item * 2;
    };
    expect(await runOrdered([1, 2, 3, 4, 5, 6], atOnce(2), work, () => true)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(most).toBe(2);
  });

  it("begins nothing new after a result that ends it", async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      await turns(1);
      return item;
    };
    const results = await runOrdered([1, 2, 3, 4, 5, 6], atOnce(2), work, (result) => result !== 2);
    expect(results).toContain(2);
    expect(begun.length).toBeLessThan(6);
  });

  it("never runs more weight than allowed at once, but any item by itself", async () => {
    let running: number[] = [];
    const seen: number[][] = [];
    const work = async (item: number) => {
      running.push(item);
      seen.push([...running]);
      await turns(5);
      running = running.filter((other) => other !== item);
      return item;
    };
    const bounds = { atOnce: 4, weightOf: (item: number) => item, maxWeight: 10 };
    expect(await runOrdered([4, 5, 6, 80, 70, 1, 2], bounds, work, () => true)).toEqual([4, 5, 6, 80, 70, 1, 2]);
    for (const together of seen) {
      if (together.length > 1) expect(together.reduce((sum, item) => sum + item, 0)).toBeLessThanOrEqual(10);
    }
    expect(seen).toContainEqual([4, 5]);
    expect(seen).toContainEqual([80]);
  });

  it("rejects if the work of an item does", async () => {
    const work = (item: number) => (item === 3 ? Promise.reject(new Error("a bug")) : Promise.resolve(item));
    await expect(runOrdered([1, 2, 3, 4], atOnce(2), work, () => true)).rejects.toThrow("a bug");
  });
});
