/** tokenizer.json and tokenizer_config.json of an uncased WordPiece tokenizer, as transformers saves them. */
import { seededRandom } from "../../seeded-random.ts";
import type { DistilbertShape } from "./shape.ts";

interface SpecialTokens {
  pad: string;
  unknown: string;
  start: string;
  end: string;
  mask: string;
  /** All special tokens, by id. */
  order: readonly string[];
}

const bertTokens: SpecialTokens = {
  pad: "[PAD]",
  unknown: "[UNK]",
  start: "[CLS]",
  end: "[SEP]",
  mask: "[MASK]",
  order: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
};

/** RoBERTa's padding has id 1, and positions are counted from there. */
const robertaTokens: SpecialTokens = {
  pad: "<pad>",
  unknown: "<unk>",
  start: "<s>",
  end: "</s>",
  mask: "<mask>",
  order: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const SIGNS = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const ONSETS = ["b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl"];
const VOWELS = ["a", "e", "i", "o", "u", "ea", "ou", "io"];
const ENDINGS = ["", "", "", "n", "r", "s", "t", "l", "ng", "ck"];
/** About the share of continuations in BERT's vocabulary. */
const CONTINUATION_SHARE = 0.2;
const SEED = 30_522;

/** @returns the contents to write as JSON, by file name */
export function tokenizerFiles({ family, vocabulary, positions }: DistilbertShape) {
  const special = family === "roberta" ? robertaTokens : bertTokens;
  const words = [...special.order, ...wordPieces(vocabulary - special.order.length)];
  return {
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: special.order.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: template(special),
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: special.unknown,
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      },
    },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      do_lower_case: true,
      model_max_length: positions,
      pad_token: special.pad,
      unk_token: special.unknown,
      cls_token: special.start,
      sep_token: special.end,
      mask_token: special.mask,
    },
  };
}

function template({ start, end, order }: SpecialTokens) {
  const token = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } });
  const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });
  const single = [token(start, 0), sequence("A", 0), token(end, 0)];
  const known = (id: string) => [id, { id, ids: [order.indexOf(id)], tokens: [id] }] as const;
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, sequence("B", 1), token(end, 1)],
    special_tokens: Object.fromEntries([known(start), known(end)]),
  };
}

/**
 * Pure. A vocabulary of `count` word pieces; a larger vocabulary begins with a smaller one. Letters are first, also as continuations, so
 * that every word can be split. Signs and generated words follow.
 */
export function wordPieces(count: number): string[] {
  const pieces = new Set([...LETTERS, ...Array.from(LETTERS, (letter) => `##${letter}`), ...SIGNS]);
  const random = seededRandom(SEED);
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? "";
  while (pieces.size < count) {
    const isContinuation = random() < CONTINUATION_SHARE;
    const syllables = 1 + Math.floor(random() * (isContinuation ? 2 : 3));
    const word = Array.from({ length: syllables }, () => pick(ONSETS) + pick(VOWELS)).join("") + pick(ENDINGS);
    pieces.add(isContinuation ? `##${word}` : word);
  }
  return [...pieces].slice(0, count);
}
