/** The policy of an isolate while KV is slow or down. */
import { describe, expect, it } from "vitest";
import { setUp, silent } from "./store-setup.ts";

describe("PolicyStore", () => {
  it("asks KV again after 4 s, not earlier", async () => {
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

  it("uses the last valid policy while KV is down, and reports the problem", async () => {
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

  it("waits 50 ms for a silent KV once it has a policy, and uses a late answer", async () => {
    let answer: () => Promise<string | null> = async () => '{"version": 1}';
    const { read, moveMs, waits, late } = setUp(() => answer());
    await read();
    let answerLate: (text: string) => void = () => {};
    answer = () => new Promise((resolve) => (answerLate = resolve));
    moveMs(4000);
    expect((await read()).policy.version).toBe(1);
    expect(waits.at(-1)).toBe(50);
    answerLate('{"version": 2}');
    await Promise.all(late);
    expect((await read()).policy.version).toBe(2);
  });

  it("reports that KV is silent until it answers", async () => {
    let answer: () => Promise<string | null> = async () => '{"version": 1}';
    const { read, moveMs } = setUp(() => answer());
    await read();
    answer = silent;
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { version: 1 }, problem: "KV did not answer within 50 ms" });
    answer = async () => '{"version": 1}';
    moveMs(4000);
    expect((await read()).problem).toBeNull();
  });

  it("in a new isolate with a silent KV uses the defaults after 1 s, asks again at the next request, and then waits 50 ms", async () => {
    const { read, reads, waits } = setUp(silent);
    expect(await read()).toMatchObject({ source: "defaults", problem: "KV did not answer within 1000 ms" });
    await read();
    expect([reads(), waits]).toEqual([2, [1000, 50]]);
  });

  it("in a new isolate whose first read fails uses the defaults, reports the problem, and asks again at the next request", async () => {
    const answers = [Promise.reject(new Error("KV GET failed: 503")), Promise.resolve('{"version": 1}')];
    const { read } = setUp(() => answers.shift() ?? silent());
    expect(await read()).toMatchObject({
      source: "defaults",
      problem: expect.stringMatching(/KV could not be read/),
    });
    expect(await read()).toMatchObject({ policy: { version: 1 }, problem: null });
  });

  it("ignores an old answer that arrives after a newer one", async () => {
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

  it("ignores the late failure of an old read after a newer read succeeded", async () => {
    const endings: { answer: (text: string) => void; fail: (error: Error) => void }[] = [];
    const { read, moveMs, late } = setUp(
      () => new Promise((resolve, reject) => endings.push({ answer: resolve, fail: reject })),
    );
    await read();
    moveMs(4000);
    await read();
    endings[1]?.answer('{"version": 2}');
    await late[1];
    endings[0]?.fail(new Error("KV GET failed: 503"));
    await Promise.all(late);
    expect(await read()).toMatchObject({ policy: { version: 2 }, problem: null });
  });

  it("asks once when many requests find the policy stale", async () => {
    const { read, moveMs, reads } = setUp(async () => null);
    await read();
    moveMs(4000);
    await Promise.all(Array.from({ length: 20 }, read));
    expect(reads()).toBe(2);
  });

  it("reports each read, a failing KV, and a silent KV the second time", async () => {
    let answer: () => Promise<string | null> = async () => '{"version": 1}';
    const { read, moveMs, reported } = setUp(() => answer());
    await read();
    answer = silent;
    moveMs(4000);
    await read();
    expect(reported).toEqual([1]);
    moveMs(4000);
    await read();
    expect(reported).toEqual([1, "KV did not answer within 50 ms"]);
    answer = async () => Promise.reject(new Error("no"));
    moveMs(4000);
    await read();
    answer = async () => '{"version": 2}';
    moveMs(4000);
    await read();
    expect(reported.slice(2)).toEqual(["KV could not be read: Error: no", 2]);
  });
});
