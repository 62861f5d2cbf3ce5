/** What one text can do: hold the thread, fill the heap, disturb another text. */
import { describe, expect, it } from "vitest";
import { loadTokenizer, runSteps } from "../../../../formats/tokenizer/load-tokenizer.ts";
import type { Encoded, Encoding, TextTokenizer } from "../../../../formats/tokenizer/tokenizer.ts";
import { MAX_TOKENIZING_MIB, measureTokenizing } from "../../../../tools/bench/hostile-texts/tokenizing.ts";
import { encodeAll } from "../../../../tools/tokenizer-check/compare.ts";
import { allFixtures } from "./fixtures.ts";

function finish(encoding: Encoding): { result: Encoded; steps: number } {
  for (let steps = 1; ; steps++) {
    const result = encoding.next();
    if (result !== null) return { result, steps };
  }
}

const idsOf = (tokenizer: TextTokenizer, text: string) => {
  const { result } = finish(tokenizer.encode(text, 100_000));
  return result.kind === "tokens" ? result.ids : null;
};

const HEX = Array.from({ length: 40_000 }, (_, index) => ((index * 2654435761) >>> 0).toString(16)).join("");
const HOSTILE: [string, string][] = [
  ["blanks and hex", " ".repeat(8200) + HEX],
  ["words", "word ".repeat(60_000)],
  ["long words", `${"x".repeat(99)} `.repeat(3000)],
  ["one ideograph", "漢字".repeat(60_000)],
  ["blanks", " ".repeat(300_000)],
  ["accents", `a${"\u0301".repeat(500)}`.repeat(600)],
  ["accents of two classes", "e\u0323\u0301".repeat(100_000)],
  ["capitals with accents", "ÀÉÎÕÜЖ".repeat(50_000)],
  ["Korean", "각하".repeat(60_000)],
  ["brackets", "[".repeat(300_000)],
  ["beginnings of tokens", "[MAS<mas".repeat(40_000)],
  ["ligatures", "ﷺﬃ½".repeat(40_000)],
  ["spacing marks", "a\u302e\u1b44".repeat(60_000)],
  ["private use", "\ue000".repeat(200_000)],
  ["one word", "a".repeat(300_000)],
  ["dashes", "-".repeat(300_000)],
  ["words of 600 dashes", `${"-".repeat(600)} `.repeat(500)],
  ["distinct words", Array.from({ length: 10_000 }, (_, index) => `w${index}`.repeat(10)).join(" ")],
];

/** What the edge accepts, and what an origin does by default. */
const LIMITS = [512, 16_386] as const;

/** One of each kind of model. */
const KINDS = [
  "mail tagger",
  "byte-level BPE, NFC",
  "BPE with a suffix, NFKC",
  "WordLevel, NFD",
  "Unigram, XLM-RoBERTa",
  "Unigram in one piece",
];

const LONG_RUNS = allFixtures().filter(([name]) => name === "byte-level BPE, long runs");

describe.each(allFixtures().filter(([name]) => KINDS.includes(name)))("%s", (_, files) => {
  const tokenizer = runSteps(loadTokenizer(files.json, files.config));

  it("tokenizes a text of 600 characters in one step", () => {
    expect(finish(tokenizer.encode("Please find the minutes of the meeting attached. ".repeat(12), 512)).steps).toBe(1);
  });

  it.each(HOSTILE)("%s: in steps and 4 MiB, or stopped at the first step that has too many tokens", (_, text) => {
    for (const limit of LIMITS) {
      const { result, steps, allocatedMiB } = measureTwice(tokenizer, text, limit);
      expect(allocatedMiB, `of at most ${limit} tokens`).toBeLessThan(MAX_TOKENIZING_MIB);
      if (result === null) throw new Error("none of these texts is refused");
      if (result.kind === "too-many") expect(result.atLeast).toBeGreaterThan(limit);
      else {
        expect(result.ids.length).toBeLessThanOrEqual(limit);
        expect(steps).toBeGreaterThan(text.length / 40_000);
        // A higher limit changes nothing.
        return;
      }
    }
  });

  it("agrees with itself about how many tokens are too many", () => {
    for (const text of [
      "",
      "a",
      "The meeting is on Thursday, at half past ten.",
      "漢字 résumé ".repeat(20),
      "-".repeat(200),
    ]) {
      const all = idsOf(tokenizer, text) ?? [];
      expect(finish(tokenizer.encode(text, all.length)).result).toMatchObject({ kind: "tokens", ids: all });
      expect(finish(tokenizer.encode(text, all.length - 1)).result).toEqual({ kind: "too-many", atLeast: all.length });
    }
  });

  it("makes of texts that are tokenized in turns what it makes of each by itself", () => {
    // Each has graphemes of several characters, of which one ends a step and the next begins the other text's.
    const [one, other] = ["y\r\nz\r\n".repeat(20_000), "\u0301y\u0001".repeat(30_000)];
    const running = [one, other].map((text) => tokenizer.encode(text, Number.POSITIVE_INFINITY));
    const ended = running.map((): Encoded | null => null);
    while (ended.includes(null)) {
      for (const [index, encoding] of running.entries()) ended[index] ??= encoding.next();
    }
    expect(ended).toEqual([one, other].map((text) => ({ kind: "tokens", ...framed(tokenizer, text) })));
  });
});

it.each(["-", "=", " "])(
  "a megabyte of %j, which has fewer tokens than an origin accepts, is not kept",
  (character) => {
    const measured = LONG_RUNS.map(([, { json, config }]) =>
      measureTwice(runSteps(loadTokenizer(json, config)), character.repeat(1_000_000), LIMITS[1]),
    );
    expect(measured.map(({ result }) => result?.kind)).toEqual(["tokens"]);
    for (const { allocatedMiB } of measured) expect(allocatedMiB).toBeLessThan(MAX_TOKENIZING_MIB);
  },
);

/** Again, if it takes more than it may: code that V8 has not compiled yet makes an object of each fraction. */
function measureTwice(tokenizer: TextTokenizer, text: string, limit: number) {
  const first = measureTokenizing(tokenizer, text, limit);
  return first.allocatedMiB < MAX_TOKENIZING_MIB ? first : measureTokenizing(tokenizer, text, limit);
}

function framed(tokenizer: TextTokenizer, text: string) {
  const [ids, typeIds] = encodeAll(tokenizer, text);
  return { ids, typeIds };
}
