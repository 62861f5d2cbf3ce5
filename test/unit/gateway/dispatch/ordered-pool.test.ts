import { describe, expect, it } from "vitest";
import { runOrdered } from "../../../../gateway/dispatch/ordered-pool.ts";

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

describe("inOrder", () => {
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
    expect(await runOrdered([1, 2, 3, 4, 5, 6], 2, work, () => true)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(most).toBe(2);
  });

  it("begins nothing new after a result that ends it", async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      await turns(1);
      return item;
    };
    const results = await runOrdered([1, 2, 3, 4, 5, 6], 2, work, (result) => result !== 2);
    expect(results).toContain(2);
    expect(begun.length).toBeLessThan(6);
  });
});
