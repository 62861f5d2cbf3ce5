/** The port: bounded steps, pairs, frames, refusals. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { TextError } from "../../../../formats/tokenizer/core/tokenizer-error.ts";
import { loadTokenizer, runSteps } from "../../../../formats/tokenizer/load-tokenizer.ts";
import type { Encoded, Encoding, TextTokenizer } from "../../../../formats/tokenizer/tokenizer.ts";
import { filesOf, trained } from "./fixtures.ts";

const load = (name: string, changes: JsonObject = {}, config: JsonObject = {}): TextTokenizer => {
  const files = filesOf(name, changes, config);
  return runSteps(loadTokenizer(files.json, files.config));
};

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

describe("a megabyte does not hold the thread", () => {
  const stepsOf = (name: string, text: string, changes: JsonObject = {}) =>
    finish(load(name, changes).encode(text, 512)).steps;
  const strip = { normalizer: { type: "Strip", strip_left: false, strip_right: true } };

  it("of whitespace, which is held back: a token behind it may strip it, or it is the end", () => {
    const blanks = " ".repeat(200_000);
    for (const text of [`${blanks}x`, blanks]) {
      // Half of the steps hold it back, as many pass it on.
      expect(stepsOf("unigram-xlmr", text)).toBeGreaterThan(text.length / 10_000);
    }
    expect(stepsOf("wordlevel", `x${blanks}y`, strip)).toBeGreaterThan(20);
  });

  it.each(["bpe-suffix", "bpe-bytelevel"])("of one word, which %s ends when it is certainly too long", (name) => {
    expect(stepsOf(name, "a".repeat(1_000_000))).toBeLessThan(30);
  });

  it("of one word of unknown characters", () => {
    const model = { ...(Object(trained("bpe-suffix")["model"]) as JsonObject), fuse_unk: false };
    expect(stepsOf("bpe-suffix", "漢".repeat(300_000), { normalizer: null, model })).toBeLessThan(3);
  });
});

describe("what a tokenizer keeps", () => {
  it("is nothing of the texts", () => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const tokenizer = load("bpe-bytelevel");
    const heldMiB = () => {
      collect();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const encodeMany = (seed: number) => {
      for (let word = 0; word < 4000; word++) idsOf(tokenizer, `${seed}-${word}-`.repeat(30));
    };
    encodeMany(1);
    const before = heldMiB();
    encodeMany(2);
    expect(heldMiB() - before).toBeLessThan(1);
  });
});

describe("a frame", () => {
  it("is what the template has around a text", () => {
    const tokenizer = load("wordpiece-uncased");
    expect(tokenizer.frame).toEqual({ before: [2], after: [3] });
    expect(idsOf(tokenizer, "")).toEqual([2, 3]);
  });

  it("may be at one end", () => {
    const special = {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    };
    const text = { Sequence: { id: "A", type_id: 0 } };
    const token = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
    const template = {
      type: "TemplateProcessing",
      single: [text, token("[SEP]"), token("[CLS]")],
      pair: [text],
      special_tokens: special,
    };
    const tokenizer = load("wordpiece-uncased", { post_processor: template });
    expect(tokenizer.frame).toEqual({ before: [], after: [3, 2] });
    expect(tokenizer.acceptsPairs).toBe(false);
    expect(idsOf(tokenizer, "the")?.slice(1)).toEqual([3, 2]);
  });

  it("may be none", () => {
    const tokenizer = load("wordlevel", { post_processor: null });
    expect(tokenizer.frame).toEqual({ before: [], after: [] });
    expect(idsOf(tokenizer, "")).toEqual([]);
  });

  it("is left out of the content", () => {
    const tokenizer = load("wordpiece-uncased");
    const { result } = finish(tokenizer.encodeContent("the edge", 10));
    expect(result).toMatchObject({ ids: idsOf(tokenizer, "the edge")?.slice(1, -1) });
  });
});

describe("a pair", () => {
  it("has the token types of the template, and counts as one", () => {
    const tokenizer = load("wordpiece-uncased");
    const pair = { text: "the edge", textPair: "the origin" };
    const { result } = finish(tokenizer.encode(pair, 100));
    expect(result).toMatchObject({ kind: "tokens" });
    if (result.kind !== "tokens") return;
    expect(result.typeIds).toEqual(result.ids.map((_, at) => (at > result.ids.indexOf(3) ? 1 : 0)));
    expect(finish(tokenizer.encode(pair, result.ids.length - 1)).result.kind).toBe("too-many");
  });
});

describe("text that is no text", () => {
  it("has U+FFFD for a lone surrogate", () => {
    const tokenizer = load("bpe-bytelevel");
    expect(idsOf(tokenizer, "a\ud800b\udc00")).toEqual(idsOf(tokenizer, "a\ufffdb\ufffd"));
  });

  it("is refused if a thousand accents are on one letter and have to be sorted", () => {
    const tokenizer = load("bpe-bytelevel", { normalizer: { type: "NFC" } });
    expect(() => finish(tokenizer.encode(`a${"\u0301\u0323".repeat(600)}`, 512))).toThrow(TextError);
  });
});

describe("a file", () => {
  it("may begin with a byte order mark and have CRLF", () => {
    const json = `\ufeff${JSON.stringify(trained("wordlevel"), null, 2).replaceAll("\n", "\r\n")}`;
    const tokenizer = runSteps(loadTokenizer(json, "\ufeff{}"));
    expect(idsOf(tokenizer, "the edge")).toEqual(idsOf(load("wordlevel"), "the edge"));
  });

  it("is read in steps", () => {
    const files = filesOf("wordpiece-uncased");
    expect([...loadTokenizer(files.json, files.config)].length).toBeGreaterThan(5);
  });

  it.each([
    ["{", "the file"],
    ['{"version": "1.0"}', "model"],
    ['{"model": {"type": "WordPiece", "vocab": {"a": 0}', "the file"],
    ['{"model": {"type": "WordPiece", "vocab": {"a": x}}}', "the file"],
  ])("that is cut or has another form is refused: %s", (json, component) => {
    expect(() => runSteps(loadTokenizer(json, "{}"))).toThrow(
      expect.objectContaining({ name: "TokenizerError", component }),
    );
  });
});

describe("a component that is not served exactly is refused by name", () => {
  const model = (changes: JsonObject) => ({
    model: { ...(Object(trained("wordlevel")["model"]) as JsonObject), ...changes },
  });
  it.each<[string, JsonObject]>([
    ["pre_tokenizer.UnicodeScripts", { pre_tokenizer: { type: "UnicodeScripts" } }],
    [
      "pre_tokenizer.Split",
      { pre_tokenizer: { type: "Split", pattern: { Regex: "\\d" }, behavior: "Removed", invert: false } },
    ],
    [
      "pre_tokenizer.Split",
      { pre_tokenizer: { type: "Split", pattern: { String: "-" }, behavior: "Removed", invert: true } },
    ],
    [
      "pre_tokenizer.Metaspace",
      {
        normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Strip", strip_left: true }] },
        pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: true },
      },
    ],
    ["normalizer.Replace", { normalizer: { type: "Replace", pattern: { Regex: "a|b" }, content: "c" } }],
    ["normalizer.ByteLevel", { normalizer: { type: "ByteLevel" } }],
    ["normalizer.Precompiled", { normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } }],
    ["post_processor.Other", { post_processor: { type: "Other" } }],
    ["model.type", model({ type: "Other" })],
    ["model.unk_token", model({ unk_token: "nowhere" })],
    ["model.dropout", { model: { type: "BPE", dropout: 0.1, vocab: {}, merges: [] } }],
    ["model.byte_fallback", { model: { type: "BPE", byte_fallback: true, vocab: {}, merges: [] } }],
    ["model.merges", { model: { type: "BPE", vocab: { a: 0 }, merges: ["a b"] } }],
    [
      "model.merges",
      { model: { type: "BPE", unk_token: "a", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] }, added_tokens: [] },
    ],
    ["model.vocab", { model: { type: "BPE", vocab: { ["a".repeat(1001)]: 0 }, merges: [] }, added_tokens: [] }],
    ["model.unk_id", { model: { type: "Unigram", unk_id: null, vocab: [["a", -1]] } }],
    [
      "model.max_input_chars_per_word",
      { model: { type: "WordPiece", unk_token: "a", max_input_chars_per_word: 1e9, vocab: { a: 0 } } },
    ],
    ["added_tokens", { added_tokens: [{ content: "<a>", rstrip: true }, { content: "  " }] }],
  ])("%s", (component, changes) => {
    expect(() => load("wordlevel", changes)).toThrow(expect.objectContaining({ name: "TokenizerError", component }));
  });
});
