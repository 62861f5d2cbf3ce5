import { describe, expect, it } from "vitest";
import {
  IN_FORCE_EVERYWHERE_SECONDS,
  IN_FORCE_HERE_SECONDS,
  LAST_GOOD_KEY,
  type PolicyKv,
  PolicyStore,
} from "../../../policies/store.ts";

/** A KV whose answer a test decides; waiting ends when the test says so. */
function setUp(answer: (key: string) => Promise<string | null>) {
  let nowMs = 1_000_000;
  let reads = 0;
  const kv: PolicyKv = {
    get: (key) => {
      reads += 1;
      return answer(key);
    },
  };
  const waits: number[] = [];
  const told: (string | number | null)[] = [];
  const store = new PolicyStore(kv, {
    nowMs: () => nowMs,
    // A wait is over at the next turn of the event loop: long after a KV that answers at once, long before a silent one.
    wait: (ms) => {
      waits.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
    changed: ({ policy, problem }) => told.push(problem ?? policy.version),
  });
  const late: Promise<unknown>[] = [];
  return {
    read: () => store.read((work) => late.push(work)),
    moveMs: (ms: number) => {
      nowMs += ms;
    },
    reads: () => reads,
    waits,
    told,
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

  it("says that KV is silent, until it answers", async () => {
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

  it("in a new isolate whose KV is silent serves the defaults after 1 s, asks again at the next request, and waits 50 ms from then on", async () => {
    const { read, reads, waits } = setUp(silent);
    expect(await read()).toMatchObject({ source: "defaults", problem: "KV did not answer within 1000 ms" });
    await read();
    expect([reads(), waits]).toEqual([2, [1000, 50]]);
  });

  it("in a new isolate whose first read fails serves the defaults, says so, and asks again at the next request", async () => {
    const answers = [Promise.reject(new Error("KV GET failed: 503")), Promise.resolve('{"version": 1}')];
    const { read } = setUp(() => answers.shift() ?? silent());
    expect(await read()).toMatchObject({
      source: "defaults",
      problem: expect.stringMatching(/KV could not be read/),
    });
    expect(await read()).toMatchObject({ policy: { version: 1 }, problem: null });
  });

  describe("in a new isolate that meets a document which does not parse", () => {
    const good = '{"version": 6, "residency": {"unknown": "refuse"}}';
    const keys = (values: Record<string, string>) => async (key: string) => values[key] ?? null;

    it("serves what the command stored last, with its residency, says what is wrong, and takes the mended one", async () => {
      const values: Record<string, string> = {
        policy: '{"version": 7, "edge": {"share": 1000}}',
        [LAST_GOOD_KEY]: good,
      };
      const { read, moveMs } = setUp((key) => keys(values)(key));
      expect(await read()).toMatchObject({
        source: "last-good",
        policy: { version: 6, residency: { unknown: "refuse" } },
        problem: expect.stringMatching(/edge\.share/),
      });
      moveMs(4000);
      expect(await read()).toMatchObject({ source: "last-good", problem: expect.stringMatching(/edge\.share/) });
      values["policy"] = '{"version": 7}';
      moveMs(4000);
      expect(await read()).toMatchObject({ source: "kv", policy: { version: 7 }, problem: null });
    });

    it.each([
      ["there is none", {}],
      ["it does not parse either", { [LAST_GOOD_KEY]: "{" }],
    ])("serves the defaults where %s", async (_, lastGood) => {
      const { read } = setUp(keys({ policy: "{", ...lastGood }));
      expect(await read()).toMatchObject({ source: "defaults", problem: expect.stringMatching(/^not JSON/) });
    });
  });

  it.each([
    ["a policy", '{"version": 7}', "kv", 7],
    ["an empty namespace", null, "defaults", 0],
  ])(
    "that has seen %s keeps it through a bad edit, whatever was stored last by the command",
    async (_, first, source, version) => {
      let policy = first;
      const { read, moveMs } = setUp(async (key) => (key === LAST_GOOD_KEY ? '{"version": 6}' : policy));
      await read();
      policy = "{";
      moveMs(4000);
      expect(await read()).toMatchObject({ source, policy: { version }, problem: expect.stringMatching(/^not JSON/) });
    },
  );

  it("does not go back to an older version that KV shows after a newer one, and says so", async () => {
    let text = '{"version": 7, "edge": {"share": 10}}';
    const { read, moveMs } = setUp(async () => text);
    await read();
    text = '{"version": 6, "edge": {"share": 90}}';
    moveMs(4000);
    expect(await read()).toMatchObject({
      policy: { version: 7, edge: { share: 10 } },
      problem: "version 6 is older than 7, which is in force",
    });
    text = '{"version": 8, "edge": {"share": 20}}';
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { version: 8, edge: { share: 20 } }, problem: null });
  });

  it.each([
    ["the same version", '{"version": 7, "edge": {"share": 0}}'],
    ["no version", '{"edge": {"share": 0}}'],
    ["version 0", '{"version": 0, "edge": {"share": 0}}'],
  ])("takes a raw edit with %s as it comes", async (_, edit) => {
    let text = '{"version": 7}';
    const { read, moveMs } = setUp(async () => text);
    await read();
    text = edit;
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { edge: { share: 0 } }, problem: null });
  });

  it("serves the defaults when the key is deleted, and then any version", async () => {
    let text: string | null = '{"version": 7, "edge": {"share": 10}}';
    const { read, moveMs } = setUp(async () => text);
    await read();
    text = null;
    moveMs(4000);
    expect(await read()).toMatchObject({ source: "defaults", policy: { edge: { share: 100 } }, problem: null });
    text = '{"version": 3}';
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { version: 3 }, problem: null });
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

  it("does not let an old read's late failure hide that a newer one succeeded", async () => {
    const endings: { come: (text: string) => void; fail: (error: Error) => void }[] = [];
    const { read, moveMs, late } = setUp(
      () => new Promise((resolve, reject) => endings.push({ come: resolve, fail: reject })),
    );
    await read();
    moveMs(4000);
    await read();
    endings[1]?.come('{"version": 2}');
    await late[1];
    endings[0]?.fail(new Error("KV GET failed: 503"));
    await Promise.all(late);
    expect(await read()).toMatchObject({ policy: { version: 2 }, problem: null });
  });

  it("asks once for many requests that find it stale together", async () => {
    const { read, moveMs, reads } = setUp(async () => null);
    await read();
    moveMs(4000);
    await Promise.all(Array.from({ length: 20 }, read));
    expect(reads()).toBe(2);
  });

  it("tells of each reading, of a failing KV, and of a silent one once it is silent again", async () => {
    let answer: () => Promise<string | null> = async () => '{"version": 1}';
    const { read, moveMs, told } = setUp(() => answer());
    await read();
    answer = silent;
    moveMs(4000);
    await read();
    expect(told).toEqual([1]);
    moveMs(4000);
    await read();
    expect(told).toEqual([1, "KV did not answer within 50 ms"]);
    answer = async () => Promise.reject(new Error("no"));
    moveMs(4000);
    await read();
    answer = async () => '{"version": 2}';
    moveMs(4000);
    await read();
    expect(told.slice(2)).toEqual(["KV could not be read: Error: no", 2]);
  });
});

it("an edit is in force within 35 s where it was made and 95 s everywhere", () => {
  expect([IN_FORCE_HERE_SECONDS, IN_FORCE_EVERYWHERE_SECONDS]).toEqual([35, 95]);
});
