/** Which policy is in force in an isolate. */
import { describe, expect, it, vi } from "vitest";
import { IN_FORCE_EVERYWHERE_SECONDS, IN_FORCE_HERE_SECONDS, LAST_GOOD_KEY } from "../../../policies/store.ts";
import { setUp } from "./store-setup.ts";

describe("PolicyStore", () => {
  it("uses the defaults when the namespace is empty", async () => {
    const { read } = setUp(async () => null);
    expect(await read()).toMatchObject({ source: "defaults", problem: null, policy: { edge: { share: 100 } } });
  });

  it("keeps the last valid policy during an invalid edit, and drops the problem when it is fixed", async () => {
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

  describe("in a new isolate with a stored document that does not parse", () => {
    const good = '{"version": 6, "residency": {"unknown": "refuse"}}';
    const keys = (values: Record<string, string>) => async (key: string) => values[key] ?? null;

    it("uses the last policy of the command with its residency, reports the problem, and accepts the fixed document", async () => {
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
    ])("uses the defaults when %s", async (_, lastGood) => {
      const { read } = setUp(keys({ policy: "{", ...lastGood }));
      expect(await read()).toMatchObject({ source: "defaults", problem: expect.stringMatching(/^not JSON/) });
    });
  });

  it.each([
    ["missed 18, has 17", '{"version": 17}', '{"version": 18, "residency": {"unknown": "refuse"}}', "last-good", 18],
    ["has the last valid one", '{"version": 18}', '{"version": 18}', "kv", 18],
    ["has a newer one than the command saved", '{"version": 19}', '{"version": 18}', "kv", 19],
    ["has read an empty namespace", null, '{"version": 18}', "last-good", 18],
    ["has a document without an order", '{"edge": {"share": 1}}', '{"version": 18}', "last-good", 18],
    ["has 17 while the saved one is broken too", '{"version": 17}', "{", "kv", 17],
  ])(
    "during an invalid edit, an isolate that %s uses the newest valid policy",
    async (_, own, lastGood, source, version) => {
      let policy = own;
      const { read, moveMs } = setUp(async (key) => (key === LAST_GOOD_KEY ? lastGood : policy));
      await read();
      policy = "{";
      moveMs(4000);
      expect(await read()).toMatchObject({ source, policy: { version }, problem: expect.stringMatching(/^not JSON/) });
      policy = '{"version": 41}';
      moveMs(4000);
      expect(await read()).toMatchObject({ source: "kv", policy: { version: 41 }, problem: null });
    },
  );

  it("parses a document once, whatever the isolate reads again", async () => {
    let policy = `{"edge": {"share": 1000}}`;
    const { read, moveMs } = setUp(async (key) => (key === LAST_GOOD_KEY ? '{"version": 3}' : policy));
    const parse = vi.spyOn(JSON, "parse");
    await read();
    const first = parse.mock.calls.length;
    for (let time = 0; time < 5; time++) {
      moveMs(4000);
      expect(await read()).toMatchObject({ policy: { version: 3 }, problem: expect.stringMatching(/edge\.share/) });
    }
    expect(parse).toHaveBeenCalledTimes(first);
    policy = '{"version": 4}';
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { version: 4 }, problem: null });
  });

  it("rejects an older version that KV returns after a newer one, and reports it", async () => {
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
  ])("accepts an edit by hand with %s", async (_, edit) => {
    let text = '{"version": 7}';
    const { read, moveMs } = setUp(async () => text);
    await read();
    text = edit;
    moveMs(4000);
    expect(await read()).toMatchObject({ policy: { edge: { share: 0 } }, problem: null });
  });

  it("uses the defaults when the key is deleted, and then accepts any version", async () => {
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
});

it("an edit is in force within 35 s where it was made and 95 s everywhere", () => {
  expect([IN_FORCE_HERE_SECONDS, IN_FORCE_EVERYWHERE_SECONDS]).toEqual([35, 95]);
});
