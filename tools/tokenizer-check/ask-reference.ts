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

/** The runtime's, as the reference's results show none of these where they matter. */
const BREAKING = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/u;
/** First and last of each range with Grapheme_Cluster_Break=Prepend. */
const PREPENDED: readonly (readonly [number, number])[] = [
  [0x600, 0x605],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x890, 0x891],
  [0x8e2, 0x8e2],
  [0xd4e, 0xd4e],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x111c2, 0x111c3],
  [0x1193f, 0x1193f],
  [0x11941, 0x11941],
  [0x11a3a, 0x11a3a],
  [0x11a84, 0x11a89],
  [0x11d46, 0x11d46],
  [0x11f02, 0x11f02],
];

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
  const nfkd = nfkdNormalizer();
  const lower = lowercase();
  const graphemes = precompiled([...charsmapOf({ a: "X" })]);
  const removedBy = (normalizer: Normalizer) => which((c) => normalizer.normalizeString(`a${c}`) === "a");
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
    ["DECOMPOSABLE", "Changed by NFD.", which((c) => nfd.normalizeString(c) !== c)],
    ["COMPATIBLE", "Changed by NFKD.", which((c) => nfkd.normalizeString(c) !== c)],
    ["TOO_NEW", "Unknown to the reference's normalization forms.", tooNew(nfd, new Set(nonStarters(nfd)))],
    [
      "GLUE",
      "No grapheme begins with one: Extend, SpacingMark, ZWJ.",
      which((c) => graphemes.normalizeString(`a${c}`) === "X"),
    ],
    ["BREAKING", "Separate graphemes: Control.", which((c) => BREAKING.test(c))],
    ["PICTOGRAPH", "Joined by ZWJ: Extended_Pictographic.", which((c) => PICTOGRAPH.test(c))],
    [
      "PREPENDED",
      "Of the grapheme behind them: Prepend.",
      which((_, codePoint) => PREPENDED.some(([first, last]) => codePoint >= first && codePoint <= last)),
    ],
  ];
}

function nonStarters(nfd: Normalizer): number[] {
  return which((c) => isNonStarter(c, nfd));
}

/** The rank of each combining character among the combining classes, which the reference's sorting shows: 1 is the lowest. */
export function combiningRanks(): Map<number, number> {
  const nfd = nfdNormalizer();
  /** Of each class a character, in order. */
  const classes: string[] = [];
  const isBefore = (one: string, other: string) => nfd.normalizeString(`a${other}${one}`) === `a${one}${other}`;
  const marks = nonStarters(nfd).map((codePoint) => char(codePoint));
  const isSame = (one: string, other: string) => one === other || (!isBefore(one, other) && !isBefore(other, one));
  for (const mark of marks) {
    if (classes.some((known) => isSame(mark, known))) continue;
    const at = classes.findIndex((known) => isBefore(mark, known));
    classes.splice(at === -1 ? classes.length : at, 0, mark);
  }
  return new Map(
    marks.map((mark) => [mark.codePointAt(0) ?? 0, 1 + classes.findIndex((known) => isSame(mark, known))]),
  );
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
