import { describe, expect, it } from "vitest";
import { type KnownValue, KvValue } from "../../../policies/kv-value.ts";

const TIMES = { freshMs: 1000, askAgainMs: 200, warmWaitMs: 50, coldWaitMs: 500 };
const STALE_MAX_MS = 5000;

/** A KV whose answers the test gives. A wait ends at the next turn of the event loop: after an immediate answer, before a late one. */
function setUp() {
  let nowMs = 1_000_000;
  const asked: PromiseWithResolvers<string>[] = [];
  const waits: number[] = [];
  const seen: string[] = [];
  const late: Promise<unknown>[] = [];
  const value = new KvValue<string>({
    times: TIMES,
    clock: {
      nowMs: () => nowMs,
      wait: (ms) => {
        waits.push(ms);
        return new Promise((resolve) => setImmediate(resolve));
      },
    },
    load: () => {
      const answer = Promise.withResolvers<string>();
      asked.push(answer);
      return answer.promise;
    },
    mayServe: (known: KnownValue<string> | null, now) => known !== null && now - known.readAtMs <= STALE_MAX_MS,
    loaded: (text) => seen.push(text),
    failed: ({ kind, problem }) => seen.push(`${kind}: ${problem}`),
  });
  const read = (answer?: string) => {
    const reading = value.read((work) => late.push(work));
    if (answer !== undefined) asked.at(-1)?.resolve(answer);
    return reading;
  };
  const moveMs = (ms: number) => {
    nowMs += ms;
  };
  return { value, read, moveMs, asked, waits, seen, late };
}

describe("a value of KV", () => {
  it("is read once while it is fresh, and again when it is stale", async () => {
    const { read, moveMs, asked } = setUp();
    expect(await read("one")).toEqual({ value: "one", asked: true });
    moveMs(999);
    expect(await read()).toEqual({ value: "one", asked: false });
    moveMs(1);
    expect(await read("two")).toEqual({ value: "two", asked: true });
    expect(asked).toHaveLength(2);
  });

  it("is null when KV is silent and nothing may serve; each request asks and waits for the longer time", async () => {
    const { read, asked, waits, seen } = setUp();
    expect(await Promise.all([read(), read()])).toEqual([
      { value: null, asked: true },
      { value: null, asked: true },
    ]);
    expect([asked.length, waits]).toEqual([2, [500, 500]]);
    expect(seen).toEqual(Array(2).fill("silent: KV did not answer within 500 ms"));
  });

  it("serves while KV is silent, until it is too old; KV is asked once per interval and waited for briefly", async () => {
    const { read, moveMs, asked, waits } = setUp();
    await read("one");
    moveMs(1000);
    expect(await read()).toEqual({ value: "one", asked: true });
    moveMs(199);
    expect(await read()).toEqual({ value: "one", asked: false });
    moveMs(1);
    expect(await read()).toEqual({ value: "one", asked: true });
    expect([asked.length, waits]).toEqual([3, [500, 50, 50]]);
    moveMs(STALE_MAX_MS);
    expect(await read()).toEqual({ value: null, asked: true });
  });

  it("takes a late answer, but not one that a newer answer has overtaken", async () => {
    const { read, moveMs, asked, late, seen } = setUp();
    await read();
    moveMs(10);
    await read("new");
    asked[0]?.resolve("old");
    await Promise.all(late);
    expect(await read()).toEqual({ value: "new", asked: false });
    expect(seen).toEqual(["silent: KV did not answer within 500 ms", "new"]);
  });

  it("reports a failed read, unless a later read has succeeded", async () => {
    const { read, moveMs, asked, late, seen } = setUp();
    await read();
    moveMs(10);
    await read("new");
    asked[0]?.reject(new Error("503"));
    await Promise.all(late);
    moveMs(1000);
    const reading = read();
    asked[2]?.reject(new Error("503"));
    expect(await reading).toEqual({ value: "new", asked: true });
    expect(seen.slice(1)).toEqual(["new", "error: KV could not be read: Error: 503"]);
  });
});
