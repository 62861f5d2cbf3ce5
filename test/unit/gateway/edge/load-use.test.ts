import { expect, it } from "vitest";
import { LoadUse } from "../../../../gateway/edge/load-use.ts";

it("a load is billed for its reads and for its time without them, reads that overlap once", async () => {
  let nowMs = 0;
  const use = new LoadUse({ nowMs: () => nowMs });
  const later = <T>(value: T) => {
    let end = () => {};
    const work = new Promise<T>((resolve) => {
      end = () => resolve(value);
    });
    return { work, end: () => end() };
  };
  const [list, one, other] = [later({ objects: [], truncated: false }), later(null), later(null)];
  const bucket = use.metered({ list: () => list.work, get: (key) => (key === "one" ? one.work : other.work) });

  nowMs += 10; // CPU
  const listed = bucket.list({ prefix: "" });
  nowMs += 100;
  list.end();
  await listed;
  nowMs += 20; // CPU
  const [first, second] = [bucket.get("one"), bucket.get("other")];
  nowMs += 50;
  one.end();
  await first;
  nowMs += 50;
  other.end();
  await second;
  nowMs += 5; // CPU
  expect(use.billed()).toEqual([
    { usage: "load-cpu-us", quantity: 35_000 },
    { usage: "r2-reads", quantity: 2 },
    { usage: "r2-lists", quantity: 1 },
  ]);
});
