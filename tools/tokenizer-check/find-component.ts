/** Which component of a tokenizer.json makes other tokens than Hugging Face's own. */
import type { Tokenizer } from "tokenizers";
import { isObject, type Json, type JsonObject, parseJson } from "../../formats/json.ts";
import type { MakeStage, Stage } from "../../formats/tokenizer/core/stage.ts";
import { readNormalizer, readPreTokenizer } from "../../formats/tokenizer/read-components.ts";
import { effectiveNormalizer, effectivePreTokenizer } from "../../formats/tokenizer/tokenizer-config.ts";
import { encodeContent, ourTokenizer, referenceTokenizer, type TokenizerFiles } from "./compare.ts";

/**
 * @param text one whose tokens differ
 * @returns such as `normalizer.Lowercase`: the first component whose result differs
 */
export async function differingComponent(files: TokenizerFiles, text: string): Promise<string> {
  const parsed = parseJson(files.json);
  const options = parseJson(files.config);
  const parts: JsonObject = isObject(parsed) ? parsed : {};
  const normalizer = effectiveNormalizer(parts["normalizer"], options) ?? null;
  const preTokenizer = effectivePreTokenizer(parts["pre_tokenizer"], options) ?? null;
  const withParts = (changes: JsonObject) =>
    referenceTokenizer({ json: JSON.stringify({ ...parts, ...changes }), config: "{}" });
  const found =
    differingStep("normalizer", normalizer, (value) => {
      const expected = normalized(withParts({ normalizer: value }), text);
      return piecesOf(readNormalizer(value), text).join("") === expected;
    }) ??
    differingStep("pre_tokenizer", preTokenizer, (value) => {
      const before = normalized(withParts({ normalizer }), text);
      const expected = withParts({ pre_tokenizer: value }).getPreTokenizer()?.preTokenizeString(before);
      const pieces = expected?.map(([piece]) => piece) ?? [before];
      return JSON.stringify(piecesOf(readPreTokenizer(value), before)) === JSON.stringify(pieces);
    });
  if (found !== null) return found;
  const reference = await withParts({ normalizer, pre_tokenizer: preTokenizer }).encode(text, null, {
    addSpecialTokens: false,
  });
  const isFrame = JSON.stringify(encodeContent(ourTokenizer(files), text)) === JSON.stringify(reference.getIds());
  if (isFrame) return nameOf("post_processor", parts["post_processor"] ?? null);
  return hasAddedToken(text, parts["added_tokens"]) ? "added_tokens" : nameOf("model", parts["model"] ?? null);
}

function normalized(reference: Tokenizer, text: string): string {
  return reference.getNormalizer()?.normalizeString(text) ?? text;
}

/** Of a sequence, the first step after which the results differ. Null: they do not. */
function differingStep(name: string, value: Json, isSame: (value: Json) => boolean): string | null {
  if (value === null || isSame(value)) return null;
  const list = isObject(value) ? (value["normalizers"] ?? value["pretokenizers"]) : null;
  if (!isObject(value) || !Array.isArray(list)) return nameOf(name, value);
  const key = "normalizers" in value ? "normalizers" : "pretokenizers";
  const at = list.findIndex((_, index) => !isSame({ ...value, [key]: list.slice(0, index + 1) }));
  return nameOf(name, list[at] ?? value);
}

function nameOf(name: string, value: Json): string {
  return isObject(value) && typeof value["type"] === "string" ? `${name}.${value["type"]}` : name;
}

/** In any case: a token may be looked for in the normalized text. */
function hasAddedToken(text: string, tokens: Json | undefined): boolean {
  if (!Array.isArray(tokens)) return false;
  const within = text.toLowerCase();
  return tokens.some((token) => isObject(token) && within.includes(String(token["content"]).toLowerCase()));
}

/** What comes out of the stages. */
function piecesOf(stages: readonly MakeStage[], text: string): string[] {
  const pieces = [""];
  const sink: Stage = {
    put: (codePoint) => {
      pieces.push(pieces.pop() + String.fromCodePoint(codePoint));
    },
    end: () => {
      pieces.push("");
    },
    token: () => {},
  };
  const head = stages.reduceRight<Stage>((next, make) => make(next), sink);
  for (const char of text) head.put(char.codePointAt(0) ?? 0);
  head.end();
  return pieces.filter((piece) => piece !== "");
}
