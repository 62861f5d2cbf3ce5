/** The added tokens of a tokenizer.json, with the ids that the reference gives them. */
import { isObject, type Json } from "../json.ts";
import { type AddedToken, findAddedTokens } from "./core/added-tokens.ts";
import type { MakeStage, Stage } from "./core/stage.ts";
import { TokenizerError } from "./core/tokenizer-error.ts";
import type { Trie } from "./core/trie.ts";
import { isWhitespace } from "./unicode/classes.ts";
import { CodePointSet } from "./unicode/code-point-set.ts";
import { WORD } from "./unicode/tables.ts";

const NAME = "added_tokens";
const MAX_CONTENT_LENGTH = 256;

export interface Vocabulary {
  trie: Trie;
  vocabularySize: number;
}

export interface AddedTokenStages {
  /** In the text as it is, before it is normalized. */
  raw: MakeStage | null;
  /** In the normalized text. */
  normalized: MakeStage | null;
}

/** @throws TokenizerError */
export function readAddedTokens(
  value: Json | undefined,
  { trie, vocabularySize }: Vocabulary,
  normalizer: readonly MakeStage[],
): AddedTokenStages {
  const raw = new Map<string, AddedToken>();
  const normalized = new Map<string, AddedToken>();
  const ids = new Map<string, number>();
  for (const each of Array.isArray(value) ? value : []) {
    if (!isObject(each) || typeof each["content"] !== "string")
      throw new TokenizerError(NAME, "has an entry without `content`.");
    const content = each["content"];
    if (content === "") continue;
    const id = ids.get(content) ?? idOf(content, trie, nextId(ids, vocabularySize));
    ids.set(content, id);
    const token = {
      id,
      content: each["normalized"] === true ? normalize(content, normalizer) : content,
      singleWord: each["single_word"] === true,
      lstrip: each["lstrip"] === true,
      rstrip: each["rstrip"] === true,
    };
    if (token.content.length > MAX_CONTENT_LENGTH) {
      throw new TokenizerError(
        NAME,
        `has a token of ${token.content.length} characters; at most ${MAX_CONTENT_LENGTH} are supported.`,
      );
    }
    // A token that is listed again replaces the one before it.
    raw.delete(content);
    normalized.delete(content);
    (each["normalized"] === true ? normalized : raw).set(content, token);
  }
  const tests = testsOf();
  return { raw: stageOf(raw, tests), normalized: stageOf(normalized, tests) };
}

function stageOf(tokens: ReadonlyMap<string, AddedToken>, tests: ReturnType<typeof testsOf>): MakeStage | null {
  for (const [content, token] of tokens) {
    // The reference finds it between all characters, and of some texts never comes to the end.
    if (token.content === "")
      throw new TokenizerError(NAME, `has ${JSON.stringify(content)}, of which the normalizer leaves nothing.`);
  }
  const all = [...tokens.values()];
  const strips = all.some(({ lstrip, rstrip }) => lstrip || rstrip);
  const blank = all.find(({ content }) => isWhitespace(content.codePointAt(0) ?? 0));
  if (strips && blank !== undefined) {
    throw new TokenizerError(
      NAME,
      "has tokens that strip whitespace and a token that begins with it: they would overlap.",
    );
  }
  return findAddedTokens(all, tests);
}

function testsOf() {
  const word = new CodePointSet(WORD);
  return { isWhitespace, isWord: (codePoint: number) => word.has(codePoint) };
}

function idOf(content: string, trie: Trie, next: number): number {
  const id = trie.valueOf(content);
  return id < 0 ? next : id;
}

/** The reference numbers tokens that are not in the vocabulary itself: behind the vocabulary, or behind the highest one. */
function nextId(ids: ReadonlyMap<string, number>, vocabularySize: number): number {
  return Math.max(vocabularySize, ...[...ids.values()].map((id) => id + 1));
}

function normalize(content: string, normalizer: readonly MakeStage[]): string {
  let normalized = "";
  const sink: Stage = {
    put(codePoint) {
      normalized += String.fromCodePoint(codePoint);
    },
    end() {},
    token() {},
  };
  const head = normalizer.reduceRight<Stage>((next, make) => make(next), sink);
  for (const char of content) head.put(char.codePointAt(0) ?? 0);
  head.end();
  return normalized;
}
