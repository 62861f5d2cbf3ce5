/** Small tokenizers of each kind: trained ones, and what follows from them by exchanging a component. */
import { readFileSync } from "node:fs";
import { isObject, type Json, type JsonObject, parseJson } from "../../../../formats/json.ts";
import type { TokenizerFiles } from "../../../../tools/tokenizer-check/compare.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** A trained tokenizer's tokenizer.json, as an object. */
export function trained(name: string): JsonObject {
  const parsed = parseJson(read(`vectors/tokenizers/${name}.json`));
  if (!isObject(parsed)) throw new Error(`${name} is not a tokenizer`);
  return parsed;
}

/** A trained tokenizer with other components. */
export function filesOf(name: string, changes: JsonObject = {}, config: JsonObject = {}): TokenizerFiles {
  return { json: JSON.stringify({ ...trained(name), ...changes }), config: JSON.stringify(config) };
}

/** As RoBERTa's: runs of dashes, equals signs and blanks up to 64 are tokens, so that a megabyte may have few. */
function withLongRuns(): JsonObject {
  const { vocab, merges, ...model } = Object(trained("bpe-bytelevel")["model"]);
  const runs = ["-", "=", "Ġ"].flatMap((character) => [1, 2, 4, 8, 16, 32].map((length) => character.repeat(length)));
  const more = runs.filter((run) => !(run + run in vocab));
  const ids = more.map((run, index): [string, number] => [run + run, Object.keys(vocab).length + index]);
  const all = { ...vocab, ...Object.fromEntries(ids) };
  return { ...model, vocab: all, merges: [...merges, ...more.map((run) => [run, run])] };
}

const METASPACE: JsonObject = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
const sequence = (type: "normalizers" | "pretokenizers", ...parts: Json[]): JsonObject => ({
  type: "Sequence",
  [type]: parts,
});
const replace = (pattern: JsonObject, content: string): JsonObject => ({ type: "Replace", pattern, content });

/** Name and files of each. */
export function allFixtures(): [string, TokenizerFiles][] {
  const precompiled = trained("unigram-xlmr")["normalizer"] ?? null;
  const bert = {
    type: "BertNormalizer",
    clean_text: false,
    handle_chinese_chars: false,
    strip_accents: true,
    lowercase: true,
  };
  const mail = {
    json: read("../models/mail-tagger/tokenizer.json"),
    config: read("../models/mail-tagger/tokenizer_config.json"),
  };
  const quotes = [replace({ String: "``" }, '"'), replace({ String: "''" }, '"')];
  const albert = [...quotes, { type: "NFKD" }, { type: "StripAccents" }, { type: "Lowercase" }, precompiled];
  const deberta = [
    { type: "Strip", strip_left: false, strip_right: true },
    precompiled,
    replace({ Regex: " {2,}" }, "▁"),
  ];
  const behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"].map((behavior) => ({
    type: "Punctuation",
    behavior,
  }));
  const split = (behavior: string) => ({ type: "Split", pattern: { String: "-" }, behavior, invert: false });
  return [
    ["mail tagger", mail],
    ["WordPiece, uncased", filesOf("wordpiece-uncased")],
    ["WordPiece, cased", filesOf("wordpiece-cased")],
    ["WordPiece, text not cleaned", filesOf("wordpiece-uncased", { normalizer: bert })],
    ["byte-level BPE, RoBERTa", filesOf("bpe-bytelevel")],
    ["byte-level BPE, long runs", filesOf("bpe-bytelevel", { model: withLongRuns() })],
    ["byte-level BPE, NFC", filesOf("bpe-bytelevel", { normalizer: { type: "NFC" } })],
    [
      "byte-level BPE, space in front",
      filesOf("bpe-bytelevel", { pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true } }),
    ],
    ["BPE with a suffix, NFKC", filesOf("bpe-suffix")],
    ["WordLevel, NFD", filesOf("wordlevel")],
    ["Unigram, XLM-RoBERTa", filesOf("unigram-xlmr")],
    [
      "Unigram, ALBERT",
      filesOf("unigram-xlmr", { normalizer: sequence("normalizers", ...albert), pre_tokenizer: METASPACE }),
    ],
    [
      "Unigram, DeBERTa",
      filesOf("unigram-xlmr", { normalizer: sequence("normalizers", ...deberta), pre_tokenizer: METASPACE }),
    ],
    [
      "Unigram in one piece",
      filesOf("unigram-xlmr", { pre_tokenizer: { ...METASPACE, split: false, prepend_scheme: "first" } }),
    ],
    [
      "Nmt and Prepend",
      filesOf("unigram-xlmr", {
        normalizer: sequence("normalizers", { type: "Nmt" }, { type: "Prepend", prepend: "▁" }),
      }),
    ],
    ...behaviors.map((each): [string, TokenizerFiles] => [
      `Punctuation ${each.behavior}, Split ${each.behavior}`,
      filesOf("wordpiece-uncased", {
        pre_tokenizer: sequence("pretokenizers", { type: "WhitespaceSplit" }, split(each.behavior), each),
      }),
    ]),
    [
      "Digits in runs",
      filesOf("bpe-suffix", {
        pre_tokenizer: sequence(
          "pretokenizers",
          { type: "CharDelimiterSplit", delimiter: " " },
          { type: "Digits", individual_digits: false },
        ),
      }),
    ],
  ];
}
