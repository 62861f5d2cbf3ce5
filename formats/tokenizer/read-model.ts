/** The model of a tokenizer.json: reads its vocabulary into typed arrays, in steps. */
import type { Json, JsonObject } from "../json.ts";
import type { JsonText, Span, Steps } from "./core/json-text.ts";
import type { Model, Output } from "./core/stage.ts";
import { TokenizerError } from "./core/tokenizer-error.ts";
import { Trie } from "./core/trie.ts";
import { bpe } from "./models/bpe.ts";
import { MergeTable } from "./models/merge-table.ts";
import { parseScore } from "./models/parse-score.ts";
import { unigram } from "./models/unigram.ts";
import { wordLevel } from "./models/word-level.ts";
import { wordPiece } from "./models/word-piece.ts";

export interface ReadModel {
  make: (output: Output) => Model;
  /** The vocabulary, without added tokens. */
  trie: Trie;
  vocabularySize: number;
}

/** Words of more characters than this are not tokenized in one piece of work. */
const MAX_WORD_LENGTH = 1000;
const MAX_PIECE_LENGTH = 255;
const MAX_TOKEN_LENGTH = 1000;
/** Characters of a tokenizer.json per node of the vocabulary's tree, at the least: BERT's has 5.6. Growing it takes one long piece of work. */
const CHARACTERS_PER_NODE = 5;

interface Source {
  json: JsonText;
  spans: ReadonlyMap<string, Span>;
  /** The small values. */
  settings: JsonObject;
}

/** @param span of `model`. @throws TokenizerError */
export function* readModel(json: JsonText, span: Span): Steps<ReadModel> {
  const spans = yield* json.keys(span.from);
  const settings: JsonObject = {};
  for (const [key, value] of spans) if (key !== "vocab" && key !== "merges") settings[key] = json.value(value);
  const source = { json, spans, settings };
  switch (typeOf(source)) {
    case "WordPiece":
      return yield* readWordPiece(source);
    case "WordLevel":
      return yield* readWordLevel(source);
    case "Unigram":
      return yield* readUnigram(source);
    case "BPE":
      return yield* readBpe(source);
    default:
      throw new TokenizerError("model.type", `is ${JSON.stringify(settings["type"])}, which is not supported.`);
  }
}

/** Files of old versions have no type. */
function typeOf({ settings, spans }: Source): Json | undefined {
  if (settings["type"] !== undefined) return settings["type"];
  if (spans.has("merges")) return "BPE";
  if ("unk_id" in settings) return "Unigram";
  return "continuing_subword_prefix" in settings ? "WordPiece" : "WordLevel";
}

function spanOf({ spans }: Source, name: string): Span {
  const span = spans.get(name);
  if (span === undefined) throw new TokenizerError(`model.${name}`, "is missing.");
  return span;
}

interface ReadTokens {
  trie: Trie;
  size: number;
  /** In code points. */
  maxLength: number;
}

function* readTokens(source: Source): Steps<ReadTokens> {
  const span = spanOf(source, "vocab");
  const trie = new Trie(Math.ceil((span.to - span.from) / CHARACTERS_PER_NODE));
  let maxLength = 0;
  const size = yield* source.json.entries(span, "{}", () => {
    const token = source.json.string();
    source.json.expect(":");
    maxLength = Math.max(maxLength, trie.set(token, Number(source.json.number())));
  });
  yield* trie.trim();
  return { trie, size, maxLength };
}

function* readWordPiece(source: Source): Steps<ReadModel> {
  const { trie, size } = yield* readTokens(source);
  const maxWordLength = Number(source.settings["max_input_chars_per_word"] ?? 100);
  if (!(maxWordLength <= MAX_WORD_LENGTH)) {
    throw new TokenizerError(
      "model.max_input_chars_per_word",
      `is ${maxWordLength}; at most ${MAX_WORD_LENGTH} is supported.`,
    );
  }
  const make = wordPiece({
    trie,
    unknownId: unknownIdOf(source, trie),
    continuingPrefix: textOf(source, "continuing_subword_prefix") ?? "##",
    maxWordLength,
  });
  return { make, trie, vocabularySize: size };
}

function* readWordLevel(source: Source): Steps<ReadModel> {
  const { trie, size } = yield* readTokens(source);
  return { make: wordLevel(trie, unknownIdOf(source, trie)), trie, vocabularySize: size };
}

function* readUnigram(source: Source): Steps<ReadModel> {
  const { json, settings } = source;
  const unknownId = settings["unk_id"] ?? null;
  if (unknownId === null) throw new TokenizerError("model.unk_id", "is missing: some texts would have no tokens.");
  if (typeof unknownId !== "number" || !Number.isInteger(unknownId) || unknownId < 0)
    throw new TokenizerError("model.unk_id", `is ${JSON.stringify(unknownId)}, which is no token's id.`);
  if (settings["byte_fallback"] === true)
    throw new TokenizerError("model.byte_fallback", "is true, which is not supported.");
  const span = spanOf(source, "vocab");
  const trie = new Trie(Math.ceil((span.to - span.from) / (2 * CHARACTERS_PER_NODE)));
  const scores: number[] = [];
  let maxPieceLength = 0;
  const size = yield* json.entries(span, "[]", (id) => {
    json.expect("[");
    maxPieceLength = Math.max(maxPieceLength, trie.set(json.string(), id));
    json.expect(",");
    scores.push(parseScore(json.number()));
    json.expect("]");
  });
  if (maxPieceLength > MAX_PIECE_LENGTH) {
    throw new TokenizerError(
      "model.vocab",
      `has a piece of ${maxPieceLength} characters; at most ${MAX_PIECE_LENGTH} are supported.`,
    );
  }
  if (unknownId >= size) throw new TokenizerError("model.unk_id", `is ${unknownId}, and there are ${size} pieces.`);
  if (scores.every((score) => score > 0)) throw new TokenizerError("model.vocab", "has no score of 0 or less.");
  yield* trie.trim();
  const make = unigram({ trie, scores: Float64Array.from(scores), unknownId, maxPieceLength });
  return { make, trie, vocabularySize: size };
}

function* readBpe(source: Source): Steps<ReadModel> {
  const { json, settings } = source;
  if (typeof settings["dropout"] === "number" && settings["dropout"] > 0) {
    throw new TokenizerError("model.dropout", "is above 0: the tokens would be random.");
  }
  if (settings["byte_fallback"] === true)
    throw new TokenizerError("model.byte_fallback", "is true, which is not supported.");
  const { trie, size, maxLength } = yield* readTokens(source);
  if (maxLength > MAX_TOKEN_LENGTH) {
    throw new TokenizerError(
      "model.vocab",
      `has a token of ${maxLength} characters; at most ${MAX_TOKEN_LENGTH} are supported.`,
    );
  }
  const unknownId = (settings["unk_token"] ?? null) === null ? null : unknownIdOf(source, trie);
  const continuingPrefix = textOf(source, "continuing_subword_prefix") ?? "";
  const span = spanOf(source, "merges");
  const pairs: [number, number, number][] = [];
  yield* json.entries(span, "[]", () => {
    const [left, right] = readMerge(json);
    const made = left + right.slice(continuingPrefix.length);
    pairs.push([idOf(trie, left), idOf(trie, right), idOf(trie, made)]);
  });
  if (unknownId !== null && pairs.some(([left, right]) => left === unknownId || right === unknownId)) {
    throw new TokenizerError("model.merges", "joins the unknown token to another one, which is not supported.");
  }
  const merges = new MergeTable(pairs.length);
  pairs.forEach(([left, right, made], rank) => {
    merges.set(left, right, rank, made);
  });
  const make = bpe({
    trie,
    merges,
    unknownId,
    isUnknownFused: settings["fuse_unk"] === true,
    continuingPrefix,
    endOfWordSuffix: textOf(source, "end_of_word_suffix") ?? "",
    ignoreMerges: settings["ignore_merges"] === true,
    maxTokenLength: maxLength,
  });
  return { make, trie, vocabularySize: size };
}

/** `"a b"`, or `["a", "b"]` in newer files. */
function readMerge(json: JsonText): [string, string] {
  if (!json.accept("[")) {
    const merge = json.string();
    const parts = merge.split(" ");
    if (parts.length !== 2)
      throw new TokenizerError("model.merges", `has ${JSON.stringify(merge)}, which is not a pair.`);
    return [parts[0] ?? "", parts[1] ?? ""];
  }
  const left = json.string();
  json.expect(",");
  const right = json.string();
  json.expect("]");
  return [left, right];
}

function idOf(trie: Trie, token: string): number {
  const id = trie.valueOf(token);
  if (id < 0) throw new TokenizerError("model.merges", `has ${JSON.stringify(token)}, which is not in the vocabulary.`);
  return id;
}

function textOf({ settings }: Source, name: string): string | null {
  const value = settings[name];
  return typeof value === "string" ? value : null;
}

/** @throws TokenizerError if there is none: a word without a token would have no id */
function unknownIdOf({ settings }: Source, trie: Trie): number {
  const token = settings["unk_token"] ?? null;
  if (token === null) throw new TokenizerError("model.unk_token", "is missing: some texts would have no tokens.");
  const id = typeof token === "string" ? trie.valueOf(token) : -1;
  if (id >= 0) return id;
  throw new TokenizerError(
    "model.unk_token",
    `is ${JSON.stringify(token)}, which is not in the vocabulary: some texts would have no tokens.`,
  );
}
