/** The normalizer and the pre-tokenizer of a tokenizer.json. What cannot be served exactly is refused, by name. */
import { decodeBase64 } from "../encodings.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { MakeStage } from "./core/stage.ts";
import { TokenizerError } from "./core/tokenizer-error.ts";
import { bertNormalizer } from "./normalize/bert.ts";
import { precompiled } from "./normalize/precompiled.ts";
import { replaceRegex, replaceText } from "./normalize/replace.ts";
import { lowercase, nmt, prepend, strip, stripAccents } from "./normalize/simple.ts";
import { unicodeForm } from "./normalize/unicode-form.ts";
import {
  BEHAVIORS,
  type Behavior,
  bertPreTokenizer,
  digits,
  punctuation,
  splitAt,
  whitespace,
  whitespaceSplit,
} from "./split/by-class.ts";
import { byteLevel } from "./split/byte-level.ts";
import { metaspace } from "./split/metaspace.ts";

/** The stages of a `normalizer`, in order. @throws TokenizerError */
export function readNormalizer(value: Json | undefined): MakeStage[] {
  if (value === null || value === undefined) return [];
  const settings = object(value, "normalizer");
  switch (settings["type"]) {
    case "Sequence":
      return list(settings["normalizers"], "normalizer.Sequence").flatMap(readNormalizer);
    case "BertNormalizer":
      return [
        bertNormalizer({
          cleanText: settings["clean_text"] === true,
          handleChineseChars: settings["handle_chinese_chars"] === true,
          stripAccents: typeof settings["strip_accents"] === "boolean" ? settings["strip_accents"] : null,
          lowercase: settings["lowercase"] === true,
        }),
      ];
    case "Lowercase":
      return [lowercase()];
    case "StripAccents":
      return [stripAccents()];
    case "Nmt":
      return [nmt()];
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return [unicodeForm(settings["type"])];
    case "Strip":
      return [strip(settings["strip_left"] === true, settings["strip_right"] === true)];
    case "Prepend":
      return [prepend(text(settings["prepend"], "normalizer.Prepend"))];
    case "Replace":
      return [readReplace(settings)];
    case "Precompiled":
      return readCharsmap(settings);
    default:
      throw new TokenizerError(`normalizer.${String(settings["type"])}`, "is not supported.");
  }
}

/** Normalizers that remove characters without others in their place. Precompiled may; the packer's comparison shows whether it does. */
const REMOVING: readonly Json[] = ["BertNormalizer", "Nmt", "Strip", "StripAccents"];

/**
 * Metaspace's "first" is where the text begins as it was before it was normalized, which no stage knows once characters were removed.
 * @throws TokenizerError
 */
export function checkFirstMetaspace(normalizer: Json | undefined, preTokenizer: Json | undefined): void {
  const steps = (value: Json | undefined, key: string): JsonObject[] => {
    if (value === undefined || !isObject(value)) return [];
    const list = value[key];
    return Array.isArray(list) ? list.flatMap((each) => steps(each, key)) : [value];
  };
  const isFirst = steps(preTokenizer, "pretokenizers").some(
    (step) => step["type"] === "Metaspace" && step["prepend_scheme"] === "first",
  );
  const removing = steps(normalizer, "normalizers").find(
    ({ type = null, content }) => REMOVING.includes(type) || (type === "Replace" && content === ""),
  );
  if (!isFirst || removing === undefined) return;
  throw new TokenizerError(
    "pre_tokenizer.Metaspace",
    `has the prepend_scheme "first" behind the normalizer ${String(removing["type"])}, which removes characters.`,
  );
}

/** The stages of a `pre_tokenizer`, in order. @throws TokenizerError */
export function readPreTokenizer(value: Json | undefined, place = 0): MakeStage[] {
  if (value === null || value === undefined) return [];
  const settings = object(value, "pre_tokenizer");
  switch (settings["type"]) {
    case "Sequence":
      return list(settings["pretokenizers"], "pre_tokenizer.Sequence").flatMap((each, index) =>
        readPreTokenizer(each, index),
      );
    case "BertPreTokenizer":
      return [bertPreTokenizer()];
    case "WhitespaceSplit":
      return [whitespaceSplit()];
    case "Whitespace":
      return [whitespace()];
    case "Punctuation":
      return [punctuation(behavior(settings["behavior"] ?? "Isolated", "pre_tokenizer.Punctuation"))];
    case "Digits":
      return [digits(settings["individual_digits"] === true)];
    case "CharDelimiterSplit": {
      const delimiter = oneCharacter(settings["delimiter"], "pre_tokenizer.CharDelimiterSplit");
      return [splitAt((codePoint) => codePoint === delimiter, "Removed")];
    }
    case "ByteLevel":
      return [
        byteLevel({ addPrefixSpace: settings["add_prefix_space"] === true, useRegex: settings["use_regex"] !== false }),
      ];
    case "Metaspace":
      return [readMetaspace(settings, place)];
    case "Split":
      return [readSplit(settings)];
    default:
      throw new TokenizerError(`pre_tokenizer.${String(settings["type"])}`, "is not supported.");
  }
}

function readReplace(settings: JsonObject): MakeStage {
  const pattern = object(settings["pattern"] ?? null, "normalizer.Replace");
  const content = text(settings["content"], "normalizer.Replace");
  if (typeof pattern["String"] === "string" && pattern["String"] !== "") return replaceText(pattern["String"], content);
  const stage = replaceRegex(String(pattern["Regex"]), content);
  if (stage !== null) return stage;
  throw new TokenizerError("normalizer.Replace", `has the pattern ${JSON.stringify(pattern)}, which is not supported.`);
}

/** An empty charsmap changes nothing. */
function readCharsmap(settings: JsonObject): MakeStage[] {
  const charsmap = settings["precompiled_charsmap"];
  if (charsmap === null || charsmap === "") return [];
  const bytes = decodeBase64(text(charsmap, "normalizer.Precompiled"));
  try {
    if (bytes !== null) return [precompiled(bytes)];
  } catch {
    // Shorter than its header states.
  }
  throw new TokenizerError("normalizer.Precompiled", "has a `precompiled_charsmap` that cannot be read.");
}

function readMetaspace(settings: JsonObject, place: number): MakeStage {
  const name = "pre_tokenizer.Metaspace";
  const scheme = settings["prepend_scheme"] ?? (settings["add_prefix_space"] === false ? "never" : "always");
  if (scheme !== "always" && scheme !== "first" && scheme !== "never") {
    throw new TokenizerError(name, `has the prepend_scheme ${JSON.stringify(scheme)}, which is not supported.`);
  }
  if (scheme === "first" && place > 0)
    throw new TokenizerError(name, 'has the prepend_scheme "first" behind another pre-tokenizer.');
  const replacement = oneCharacter(settings["replacement"], name);
  return metaspace({ replacement, prepend: scheme, split: settings["split"] !== false });
}

function readSplit(settings: JsonObject): MakeStage {
  const name = "pre_tokenizer.Split";
  const pattern = object(settings["pattern"] ?? null, name);
  if (typeof pattern["String"] !== "string" || settings["invert"] === true) {
    throw new TokenizerError(
      name,
      `has the pattern ${JSON.stringify(pattern)}; one character, not inverted, is supported.`,
    );
  }
  const character = oneCharacter(pattern["String"], name);
  return splitAt((codePoint) => codePoint === character, behavior(settings["behavior"], name));
}

function behavior(value: Json | undefined, name: string): Behavior {
  const found = BEHAVIORS.find((each) => each === value);
  if (found === undefined)
    throw new TokenizerError(name, `has the behavior ${JSON.stringify(value)}, which is not supported.`);
  return found;
}

function oneCharacter(value: Json | undefined, name: string): number {
  const [character, ...more] = text(value, name);
  if (character === undefined || more.length > 0)
    throw new TokenizerError(name, `has ${JSON.stringify(value)}; one character is supported.`);
  return character.codePointAt(0) ?? 0;
}

function text(value: Json | undefined, name: string): string {
  if (typeof value !== "string") throw new TokenizerError(name, `has ${JSON.stringify(value)} where a text belongs.`);
  return value;
}

function list(value: Json | undefined, name: string): Json[] {
  if (!Array.isArray(value)) throw new TokenizerError(name, "has no list.");
  return value;
}

function object(value: Json, name: string): JsonObject {
  if (!isObject(value)) throw new TokenizerError(name, "is not an object.");
  return value;
}
