/** A tokenizer's own tokens, as texts would have them. What is wrong with them, texts that are the same for all tokenizers do not show. */
import { isObject, type Json, parseJson } from "../../formats/json.ts";
import type { TokenizerFiles } from "./compare.ts";

export interface OwnTokens {
  added: readonly string[];
  /** Without the marks of a word's beginning, its end and its continuation. */
  vocabulary: readonly string[];
}

/** @returns the tokens of a tokenizer.json; none if it has another form */
export function ownTokens({ json }: Pick<TokenizerFiles, "json">): OwnTokens {
  const parsed = parseJson(json);
  if (!isObject(parsed)) return { added: [], vocabulary: [] };
  const { added_tokens: added } = parsed;
  const entries = Array.isArray(added) ? added : [];
  const contents = entries.map((entry) => (isObject(entry) ? String(entry["content"]) : ""));
  return { added: contents.filter((content) => content !== ""), vocabulary: vocabularyOf(parsed["model"]) };
}

function vocabularyOf(model: Json | undefined): string[] {
  const vocabulary = isObject(model) ? (model["vocab"] ?? null) : null;
  const tokens = Array.isArray(vocabulary)
    ? vocabulary.map((entry) => String(Array.isArray(entry) ? entry[0] : ""))
    : Object.keys(isObject(vocabulary) ? vocabulary : {});
  return tokens.map((token) => token.replace(/^##|<\/w>$/g, "").replaceAll(/[Ġ▁]/g, " "));
}

const without = (token: string, from: number, to?: number) => [...token].slice(from, to).join("");

/** Where a token's options decide, where characters belong to another one, and where none is meant. `next` is another token. */
const FORMS: readonly ((token: string, next: string) => string)[] = [
  (token) => token,
  (token) => `${token} at the start`,
  (token) => `in the ${token} middle`,
  (token) => `at the end ${token}`,
  (token) => `${token}${token}`,
  (token) => `inside${token}of${token}words`,
  (token) => ` \t ${token} \n\u3000${token}  `,
  (token) => `(${token}), "${token}": ${token}.`,
  (token) => `_${token}1 é${token}漢 ${token}\u0301`,
  (token) => `a ${token.toUpperCase()} b`,
  (token) => `a ${token.toLowerCase()} b`,
  (token) => `${without(token, 0, -1)} ${without(token, 0, -1)}${token}${without(token, 1)}`,
  (token, next) => `${token}${next} ${token} ${next}`,
  (token) => `${token.normalize("NFD")} ${token.normalize("NFKC")}`,
];

/**
 * @param added tokens of one tokenizer
 * @param most texts. If all forms of all tokens are more, each token has some of the forms, its neighbours have others
 */
export function addedTokenTexts(added: readonly string[], most: number): string[] {
  const tokens = added.slice(0, most);
  const forms = Math.min(FORMS.length, Math.floor(most / Math.max(1, tokens.length)));
  return tokens.flatMap((token, index) =>
    Array.from({ length: forms }, (_, at) => {
      const form = FORMS[(index + at) % FORMS.length];
      return form?.(token, tokens[(index + 1) % tokens.length] ?? token) ?? token;
    }),
  );
}
