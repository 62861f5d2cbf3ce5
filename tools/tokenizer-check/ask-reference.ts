/** What the reference does with each code point. */
import {
  bertNormalizer,
  byteLevelPreTokenizer,
  digitsPreTokenizer,
  lowercase,
  type Normalizer,
  nfdNormalizer,
  nfkdNormalizer,
  type PreTokenizer,
  precompiled,
  punctuationPreTokenizer,
  stripAccentsNormalizer,
  whitespacePreTokenizer,
} from "tokenizers";
import { charsmapOf } from "./charsmap.ts";

const MAX_CODE_POINT = 0x10ffff;
const ALL = Array.from({ length: MAX_CODE_POINT }, (_, index) => index + 1).filter((c) => c < 0xd800 || c > 0xdfff);
/** Combining classes 1 and 240, the lowest and the highest: each other mark is sorted after the one and before the other. */
const LOWEST = "\u0334";
const HIGHEST = "\u0345";

const char = String.fromCodePoint;
const which = (test: (text: string, codePoint: number) => boolean) => ALL.filter((c) => test(char(c), c));
const pieces = (splitter: PreTokenizer, text: string) => splitter.preTokenizeString(text).length;

/** Name, comment and code points of each set. */
export function setsByName(): [string, string, number[]][] {
  const clean = bertNormalizer({ cleanText: true, handleChineseChars: false, stripAccents: false, lowercase: false });
  const strip = bertNormalizer({ cleanText: false, handleChineseChars: false, stripAccents: true, lowercase: false });
  const marks = stripAccentsNormalizer();
  const punctuation = punctuationPreTokenizer("isolated");
  const words = whitespacePreTokenizer();
  const digits = digitsPreTokenizer(false);
  const bytes = byteLevelPreTokenizer(false, true);
  const nfd = nfdNormalizer();
  const lower = lowercase();
  const graphemes = precompiled([...charsmapOf({ a: "X" })]);
  const removedBy = (normalizer: Normalizer) => which((c) => normalizer.normalizeString(`a${c}`) === "a");
  const nonStarter = which((c) => isNonStarter(c, nfd));
  return [
    ["OTHER", "Removed by BertNormalizer's clean_text.", removedBy(clean)],
    ["NONSPACING_MARK", "Removed by BertNormalizer's strip_accents.", removedBy(strip)],
    ["COMBINING_MARK", "Removed by StripAccents.", removedBy(marks)],
    ["PUNCTUATION", "Punctuation and BertPreTokenizer.", which((c) => pieces(punctuation, `a${c}a`) === 3)],
    ["NUMERIC", "Digits.", which((c) => pieces(digits, `a${c}a`) === 3)],
    ["WORD", "`\\w` of Whitespace and of added tokens.", which((c) => pieces(words, `a${c}a`) === 1)],
    ["LETTER", "`\\p{L}` of ByteLevel.", which((c) => pieces(bytes, `a${c}a`) === 1)],
    ["NUMBER", "`\\p{N}` of ByteLevel.", which((c) => pieces(bytes, `1${c}1`) === 1)],
    ["CAPITAL", "Changed by Lowercase.", which((c) => lower.normalizeString(c) !== c)],
    ["NON_STARTER", "A combining class other than 0.", nonStarter],
    ["DECOMPOSABLE", "Changed by NFD.", which((c) => nfd.normalizeString(c) !== c)],
    ["TOO_NEW", "Unknown to the reference's normalization forms.", tooNew(nfd, new Set(nonStarter))],
    [
      "GLUE",
      "No grapheme begins with one: Extend, SpacingMark, ZWJ.",
      which((c) => graphemes.normalizeString(`a${c}`) === "X"),
    ],
  ];
}

function isNonStarter(c: string, nfd: Normalizer): boolean {
  if (nfd.normalizeString(c) !== c) return false;
  return (
    nfd.normalizeString(`a${c}${LOWEST}`) !== `a${c}${LOWEST}` ||
    nfd.normalizeString(`a${HIGHEST}${c}`) !== `a${HIGHEST}${c}`
  );
}

/** Code points that this runtime's `normalize` changes, reorders or composes, and the reference does not. */
function tooNew(nfd: Normalizer, nonStarters: ReadonlySet<number>): number[] {
  const nfkd = nfkdNormalizer();
  const found = new Set<number>();
  for (const codePoint of ALL) {
    const c = char(codePoint);
    const reorders =
      `a${c}${LOWEST}`.normalize("NFD") !== `a${c}${LOWEST}` ||
      `a${HIGHEST}${c}`.normalize("NFD") !== `a${HIGHEST}${c}`;
    if (c.normalize("NFD") === c && reorders && !nonStarters.has(codePoint)) found.add(codePoint);
    if (c.normalize("NFKD") === nfkd.normalizeString(c) && c.normalize("NFD") === nfd.normalizeString(c)) continue;
    found.add(codePoint);
    // Its parts would be composed.
    for (const part of c.normalize("NFD")) if ((part.codePointAt(0) ?? 0) > 0xffff) found.add(part.codePointAt(0) ?? 0);
  }
  return [...found].sort((a, b) => a - b);
}
