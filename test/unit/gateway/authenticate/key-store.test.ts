/** Which keys an isolate keeps, and when it asks KV. Tests inside workerd: test/worker/authenticate/keys.test.ts. */
import { describe, expect, it } from "vitest";
import { type KeyKv, KeyStore } from "../../../../gateway/authenticate/key-store.ts";
import { RecentMap } from "../../../../gateway/resilience/recent-map.ts";

const record = (name: string) =>
  JSON.stringify({
    name,
    sha256: "0".repeat(64),
    scopes: ["classify"],
    createdAt: "2026-01-01T00:00:00Z",
    expiresAt: null,
    revokedAt: null,
  });

/** A wait ends at the next turn of the event loop: after an immediate answer, before a late one. */
function setUp(get: KeyKv["get"]) {
  let nowMs = 1_000_000;
  const asked: string[] = [];
  const late: Promise<unknown>[] = [];
  const store = new KeyStore(
    {
      get: (key, options) => {
        asked.push(key);
        return get(key, options);
      },
      list: async () => ({ keys: [], list_complete: true }),
    },
    { nowMs: () => nowMs, wait: () => new Promise((resolve) => setImmediate(resolve)) },
  );
  return {
    store,
    asked,
    late,
    read: (id: string) => store.read(id, (work) => late.push(work)),
    moveMs: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("KeyStore", () => {
  it("asks KV once in 20 s, for a key and for an id without a key", async () => {
    const { read, moveMs, asked } = setUp(async (key) => (key === "key:a" ? record("a") : null));
    for (const id of ["a", "b"]) {
      expect((await read(id)).asked).toBe(true);
      moveMs(19_999);
      expect((await read(id)).asked).toBe(false);
      moveMs(1);
      expect((await read(id)).asked).toBe(true);
    }
    expect(asked).toEqual(["key:a", "key:a", "key:b", "key:b"]);
  });

  it("asks a silent KV once per second while a known key is accepted, and uses a late answer", async () => {
    let get: KeyKv["get"] = async () => record("before");
    const { read, moveMs, asked, late } = setUp((...options) => get(...options));
    await read("a");
    const { promise, resolve } = Promise.withResolvers<string | null>();
    get = () => promise;
    moveMs(20_000);
    const all = await Promise.all(Array.from({ length: 50 }, () => read("a")));
    expect(all.map(({ state }) => state)).toEqual(all.map(() => "found"));
    expect(asked).toHaveLength(2);
    resolve(null);
    await Promise.all(late);
    expect((await read("a")).state).toBe("absent");
  });

  it("ignores the late answer of an earlier read", async () => {
    const answers = [Promise.withResolvers<string | null>(), Promise.withResolvers<string | null>()];
    let reads = 0;
    const { read, moveMs, late } = setUp(() => answers[reads++]?.promise ?? Promise.resolve(null));
    const first = read("a");
    moveMs(1);
    answers[1]?.resolve(record("newer"));
    expect(await read("a")).toMatchObject({ record: { name: "newer" } });
    answers[0]?.resolve(record("older"));
    await Promise.all(late);
    expect(await first).toMatchObject({ record: { name: "newer" } });
    expect(await read("a")).toMatchObject({ record: { name: "newer" } });
  });

  it("keeps its keys when callers invent ids", async () => {
    const { read, asked, store } = setUp(async (key) => (key === "key:a" ? record("a") : null));
    await read("a");
    for (let made = 0; made < 5000; made++) await read(`invented-${made}`);
    expect(store.knows("a")).toBe(true);
    expect((await read("a")).asked).toBe(false);
    asked.length = 0;
    expect((await read("invented-0")).asked).toBe(true);
  });
});

describe("a map of recent entries", () => {
  it("drops the least recently used entry, and holds at most its maximum", () => {
    const map = new RecentMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    expect(map.get("a")).toBe(1);
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c"), map.size]).toEqual([1, undefined, 3, 2]);
  });
});
