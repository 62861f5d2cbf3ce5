/** How often an isolate lists the ids of keys, and how many. Behind a blocked address: test/worker/authenticate/access.test.ts. */
import { expect, it, vi } from "vitest";
import { ListedIds, type ListKv } from "../../../../gateway/authenticate/listed-ids.ts";

/** KV with ids "0", "1" …, 1,000 to a page. A wait ends at the next turn of the event loop. */
function setUp(ids: () => number) {
  let nowMs = 1_000_000;
  const list = vi.fn<ListKv["list"]>(async ({ prefix, cursor }) => {
    const from = Number(cursor ?? 0);
    const count = Math.min(1000, ids() - from);
    const keys = Array.from({ length: count }, (_, index) => ({ name: `${prefix}${from + index}` }));
    return { keys, ...(from + count < ids() ? { list_complete: false, cursor: String(from + count) } : LAST) };
  });
  const listed = new ListedIds(
    { list },
    { nowMs: () => nowMs, wait: () => new Promise((resolve) => setTimeout(resolve)) },
  );
  const moveMs = (ms: number) => {
    nowMs += ms;
  };
  return { list, moveMs, has: async (id: string) => (await listed.has(id, () => {})).isListed };
}
const LAST = { list_complete: true };

it("one list in 30 s answers for every id, and a new id is found by the next one", async () => {
  let ids = 2500;
  const { list, moveMs, has } = setUp(() => ids);
  expect([await has("0"), await has("2499"), await has("2500")]).toEqual([true, true, false]);
  ids += 1;
  moveMs(29_999);
  expect([await has("2500"), list.mock.calls.length]).toEqual([false, 3]);
  moveMs(1);
  expect([await has("2500"), list.mock.calls.length]).toEqual([true, 6]);
});

it("of very many ids the first 10,000 are listed", async () => {
  const { list, has } = setUp(() => 50_000);
  expect([await has("9999"), await has("10000"), list.mock.calls.length]).toEqual([true, false, 10]);
});

it("while lists fail, the last one counts, and KV is asked once in 15 s, however many requests ask", async () => {
  const { list, moveMs, has } = setUp(() => 1);
  const down = async () => Promise.reject(new Error("KV LIST failed: 429"));
  list.mockImplementationOnce(down);
  const all = () => Promise.all(Array.from({ length: 100 }, () => has("0")));
  expect(new Set(await all())).toEqual(new Set([false]));
  expect(list).toHaveBeenCalledTimes(1);
  moveMs(15_000);
  await all();
  expect(await has("0")).toBe(true);
  list.mockImplementation(down);
  moveMs(30_000);
  expect(new Set(await all())).toEqual(new Set([true]));
  expect(list).toHaveBeenCalledTimes(3);
});
