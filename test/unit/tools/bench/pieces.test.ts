import { describe, expect, it } from "vitest";
import { parseServerTiming } from "../../../../tools/bench/classify.ts";
import { account, backingIncludesWasm } from "../../../../tools/bench/memory/account.ts";
import { mixedBody } from "../../../../tools/bench/memory/gateway-memory.ts";
import { chooseWords } from "../../../../tools/bench/texts.ts";
import { renderTable } from "../../../../tools/table.ts";

const MIB = 2 ** 20;
const usage = {
  usedSize: 10 * MIB,
  totalSize: 20 * MIB,
  embedderHeapUsedSize: 1 * MIB,
  backingStorageSize: 4 * MIB,
};
const withBacking = (backingMiB: number) => ({ ...usage, backingStorageSize: backingMiB * MIB });

describe("memory is counted once", () => {
  it("adds a wasm heap that V8 leaves out", () => {
    expect(backingIncludesWasm(withBacking(1), withBacking(4), 32 * MIB)).toBe(false);
    expect(account(usage, 32 * MIB, false)).toMatchObject({ backingStorageMiB: 4, wasmHeapMiB: 32, totalMiB: 47 });
  });

  it("subtracts a wasm heap that V8 counts from the buffers", () => {
    expect(backingIncludesWasm(withBacking(1), withBacking(36), 32 * MIB)).toBe(true);
    expect(account(withBacking(36), 32 * MIB, true)).toMatchObject({ backingStorageMiB: 4, totalMiB: 47 });
  });

  it("counts rather too much than too little if the growth is unclear", () => {
    expect(backingIncludesWasm(withBacking(1), withBacking(32), 32 * MIB)).toBe(false);
    expect(backingIncludesWasm(withBacking(1), withBacking(4), 0)).toBe(false);
  });
});

describe("server-timing", () => {
  it("reads every duration", () => {
    const header = "queue;dur=1, edge;dur=20.5,origin;dur=0, total;dur=25";
    expect(parseServerTiming(header)).toEqual({ queue: 1, edge: 20.5, origin: 0, total: 25 });
  });

  it.each([null, "", "cache;desc=hit"])("finds nothing in %j", (header) => {
    expect(parseServerTiming(header)).toEqual({});
  });
});

describe("texts", () => {
  const words = Array.from({ length: 500 }, (_, index) => `word${index}`);

  it("have the requested number of words, the same for the same seed", () => {
    expect(chooseWords(words, 254, 3)).toHaveLength(254);
    expect(chooseWords(words, 254, 3)).toEqual(chooseWords(words, 254, 3));
  });

  it("differ from seed to seed", () => {
    const texts = Array.from({ length: 60 }, (_, seed) => chooseWords(words, 6, seed).join(" "));
    expect(new Set(texts).size).toBe(60);
  });
});

describe("mixed requests", () => {
  const bodies = Array.from({ length: 20 }, (_, index) => mixedBody(index, 256, (tokens) => String(tokens)));

  it("contain lists, long texts and one malformed body among short texts", () => {
    expect(bodies.filter((body) => body.includes("["))).toHaveLength(2);
    expect(bodies.filter((body) => body.includes('"700"'))).toHaveLength(2);
    expect(bodies.filter((body) => !body.endsWith("}"))).toHaveLength(1);
  });

  it("never exceed the limit of a small edge, except for the long texts", () => {
    const tokenCounts = Array.from({ length: 20 }, (_, index) => mixedBody(index, 64, (tokens) => String(tokens)))
      .flatMap((body) => [...body.matchAll(/"(\d+)"/g)].map(([, tokens]) => Number(tokens)))
      .filter((tokens) => tokens !== 700);
    expect(Math.max(...tokenCounts)).toBe(64);
  });
});

describe("the table", () => {
  it("aligns words left and numbers right", () => {
    const table = {
      title: "T",
      header: ["name", "ms"],
      rows: [
        ["a", 5],
        ["bcdef", 123],
      ],
    };
    expect(renderTable(table)).toBe("T\nname    ms\n─────  ───\na        5\nbcdef  123");
  });
});
