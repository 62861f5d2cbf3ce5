import { describe, expect, it } from "vitest";
import { type PolicyKv, PolicyStore } from "../../../policies/store.ts";

/** A KV whose answer a test decides; waiting ends when the test says so. */
function setUp(answer: () => Promise<string | null>) {
  let nowMs = 1_000_000;
  let reads = 0;
  const kv: PolicyKv = {
    get: () => {
      reads += 1;
      return answer();
    },
  };
  const waits: number[] = [];
  const store = new PolicyStore(kv, {
    nowMs: () => nowMs,
    // A wait is over at the next turn of the event loop: long after a KV that answers at once, long before a silent one.
    wait: (ms) => {
      waits.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
  });
  const late: Promise<unknown>[] = [];
  return {
    read: () => store.read((work) => late.push(work)),
    moveMs: (ms: number) => {
      nowMs += ms;
    },
    reads: () => reads,
    waits,
    late,
  };
}

const silent = () => new Promise<never>(() => {});

describe("PolicyStore", () => {
  it("serves the defaults from an empty namespace", async () => {
    const { read } = setUp(async () => null);
    expect(await read()).toMatchObject({ source: "defaults", problem: null, policy: { edge: { share: 100 } } });
  });

  it("asks KV again after 4 s, and not before", async () => {
    let version = 1;
    const { read, moveMs, reads } = setUp(async () => `{"version": ${version}}`);
    expect((await read()).policy.version).toBe(1);
    version = 2;
    moveMs(3999);
    expect((await read()).policy.version).toBe(1);
    expect(reads()).toBe(1);
    moveMs(1);
    expect((await read()).policy.version).toBe(2);
  });

  it("keeps the last good policy through a bad edit, and forgets the problem when it is mended", async () => {
    let text = '{"version": 1}';
    const { read, moveMs } = setUp(async () => text);
    await read();
    text = '{"version": 2, "edge": {"share": 200}}';
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { version: 1 }, problem: expect.stringMatching(/edge\.share/) });
    text = '{"version": 3}';
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { version: 3 }, problem: null });
  });

  it("serves the last good policy while KV is down, and says so", async () => {
    let down = false;
    const { read, moveMs } = setUp(async () => {
      if (down) throw new Error("KV GET failed: 503");
      return '{"version": 1}';
    });
    await read();
    down = true;
    moveMs(4000);
    expect(await read()).toMatchObject({
      policy: { version: 1 },
      problem: expect.stringMatching(/KV could not be read/),
    });
    down = false;
    moveMs(4000);
    expect(await read()).toMatchObject({ problem: null });
  });

  it("waits 50 ms for a silent KV once it knows a policy, and uses the answer when it comes late", async () => {
    let answer: () => Promise<string | null> = async () => '{"version": 1}';
    const { read, moveMs, waits, late } = setUp(() => answer());
    await read();
    let comeLate: (text: string) => void = () => {};
    answer = () => new Promise((resolve) => (comeLate = resolve));
    moveMs(4000);
    expect((await read()).policy.version).toBe(1);
    expect(waits.at(-1)).toBe(50);
    comeLate('{"version": 2}');
    await Promise.all(late);
    expect((await read()).policy.version).toBe(2);
  });

  it("a cold isolate with a silent KV serves the defaults after its wait, and asks again at the next request", async () => {
    const { read, reads } = setUp(silent);
    expect(await read()).toMatchObject({ source: "defaults" });
    await read();
    expect(reads()).toBe(2);
  });

  it("does not let a slow old answer undo a newer one", async () => {
    const answers: ((text: string) => void)[] = [];
    const { read, moveMs, late } = setUp(() => new Promise((resolve) => answers.push(resolve)));
    await read();
    moveMs(4000);
    await read();
    answers[1]?.('{"version": 2}');
    answers[0]?.('{"version": 1}');
    await Promise.all(late);
    expect((await read()).policy.version).toBe(2);
  });

  it("asks once for many requests that find it stale together", async () => {
    const { read, moveMs, reads } = setUp(async () => null);
    await read();
    moveMs(4000);
    await Promise.all(Array.from({ length: 20 }, read));
    expect(reads()).toBe(2);
  });
});
