/** Texts that tokenizers disagree on: all scripts, controls, joiners, emoji families, added tokens, frames, and random mixtures of them. */
import type { TextPair } from "../../formats/tokenizer/tokenizer.ts";
import { seededRandom } from "../seeded-random.ts";

/** First and last code point of blocks to take characters from, in proportion to nothing. */
const BLOCKS: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x20, 0x7e],
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x61, 0x7a],
  [0x61, 0x7a],
  [0x7f, 0xa0],
  [0xa1, 0xff],
  [0x100, 0x24f],
  [0x250, 0x2ff],
  [0x300, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x531, 0x58f],
  [0x590, 0x5ff],
  [0x600, 0x6ff],
  [0x700, 0x8ff],
  [0x900, 0x97f],
  [0x980, 0xdff],
  [0xe00, 0xfff],
  [0x1000, 0x109f],
  [0x10a0, 0x11ff],
  [0x1200, 0x18ff],
  [0x1900, 0x1cff],
  [0x1d00, 0x1eff],
  [0x1f00, 0x1fff],
  [0x2000, 0x206f],
  [0x2070, 0x21ff],
  [0x2200, 0x27bf],
  [0x2c00, 0x2fff],
  [0x3000, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xabff],
  [0xac00, 0xd7ff],
  [0xe000, 0xf8ff],
  [0xf900, 0xfaff],
  [0xfb00, 0xfdff],
  [0xfe00, 0xffff],
  [0x10000, 0x10fff],
  [0x11000, 0x12fff],
  [0x13000, 0x16fff],
  [0x17000, 0x1bfff],
  [0x1c000, 0x1d7ff],
  [0x1d800, 0x1efff],
  [0x1f000, 0x1faff],
  [0x1fb00, 0x20fff],
  [0x2a6d0, 0x2cef0],
  [0x2f800, 0x323af],
  [0xe0000, 0xe01ef],
  [0xf0000, 0x10ffff],
];

/** Texts that have been answered wrongly by one tokenizer or another. */
export const KNOWN_TEXTS: readonly string[] = [
  "",
  " ",
  "\n\n\t ",
  "Hello, World! It's   a test -- isn't it? I'll say we'd've   ",
  "ΣΊΣΥΦΟΣ ΟΔΥΣΣΕΥΣ ς σ",
  "İstanbul DİYARBAKIR ı I",
  "Straße STRASSE ﬁn ﬂ ﬃ Ǆ ǅ",
  "naïve café résumé e\u0301 a\u030a\u0323 q\u0323\u0307 \u0344 \u1e9b\u0323",
  "한국어 각 \u1100\u1161\u11a8 \u1112\u1161\u11ab글 ﾊﾝｶｸ ｶﾞ ﾡﾢ",
  "日本語のテスト、東京都。ㇰ ㊀ ㍿ 𠮷野家 𫠝 𬺰 𪜶",
  "漢字漢字漢字 中文分词测试",
  "हिन्दी क्षत्रिय বাংলা தமிழ் తెలుగు ಕನ್ನಡ മലയാളം ไทย ភាសាខ្មែរ",
  "العربية مُحَمَّد עִבְרִית שָׁלוֹם",
  "① ½ ² ³ ⅷ ٣ ३ 𝟛 ৴ ௰",
  "👨‍👩‍👧‍👦 👩🏽‍💻 🏳️‍🌈 🇩🇪🇫🇷 ❤️‍🔥 ©\u200d® ™\ufe0f 1️⃣ #\ufe0f\u20e3",
  "a\u200db \u200c \u200b\ufeff\u00ad\u2060 \u202e rtl \u2028\u2029 \u0085 \u000b\u000c\u001c\u001f",
  "\u0000 \ufffd \ud800 \udc00 x\ud83dy",
  "[CLS] [SEP] [MASK][MASK] [UNK] [PAD] <s></s> <mask> <pad> <unk> ▁ ▁▁a _ __",
  "x[MASK]y x [MASK] y\t[MASK]\n[MASK] <mask>z  <mask>  z",
  "``quoted'' ''x`` ' 's 't 're 've 'm 'll 'd 'S 'RE 'x 'r 'v 'l",
  "https://example.com/a?b=c&d=e#f user@example.org 1,234.56 $9.99 50% C++ C# .NET",
  "snake_case camelCase kebab-case a.b.c a/b\\c a|b {x} <tag attr='1'>",
  "a".repeat(100),
  "a".repeat(101),
  `${"z".repeat(99)}é`,
  "e\u0301".repeat(60),
  "-".repeat(300),
  "=".repeat(77),
  "ha".repeat(200),
  " ".repeat(200),
  `x${" ".repeat(50)}y${"\n".repeat(50)}z`,
  "\u302a\u302e\u302f\u{1d165}\u{1d16d}\u{1d166}a\u1b44\u{11446}\u0334",
  "\u{105d2}\u0307 \u{16d67}\u{16d67} \u{11382}\u{113c9} \u{1e031} \u{1fbf5}",
  "ꟋꟚꟜ 𞤀 Ა ა Ꭰ ꭰ 𐵐 𐵰 𖺠 𖺻 Ᲊ",
];

/** @param words of the tokenizer, to be in the random texts. @returns the known texts, and random ones that are the same for the same seed */
export function probingTexts(count: number, { seed = 1, words = [] as readonly string[] } = {}): string[] {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const character = () => {
    const [first, last] = BLOCKS[below(BLOCKS.length)] ?? [0x61, 0x7a];
    const codePoint = first + below(last - first + 1);
    return codePoint >= 0xd800 && codePoint <= 0xdfff ? "\ufffd" : String.fromCodePoint(codePoint);
  };
  const fromBlock = () => {
    const [first, last] = BLOCKS[below(BLOCKS.length)] ?? [0x61, 0x7a];
    const start = first + below(last - first + 1);
    const next = () => Math.min(last, start + below(24));
    return Array.from({ length: 1 + below(12) }, () => String.fromCodePoint(next()).toWellFormed()).join("");
  };
  const known = () => {
    const text = KNOWN_TEXTS[below(KNOWN_TEXTS.length)] ?? "";
    const from = below(text.length);
    return text.slice(from, from + 1 + below(12)).toWellFormed();
  };
  const pieces = [
    character,
    fromBlock,
    known,
    () => words[below(words.length)] ?? known(),
    () => (words[below(words.length)] ?? "aa").repeat(1 + below(6)),
    () => " \t\n\u00a0\u3000\u200d\u0301"[below(7)] ?? " ",
    () => " ",
  ];
  const mixture = () => Array.from({ length: 1 + below(14) }, () => pieces[below(pieces.length)]?.() ?? "").join("");
  const texts = KNOWN_TEXTS.map((text) => text.toWellFormed());
  while (texts.length < count) texts.push(mixture());
  return texts.slice(0, count);
}

/** @returns pairs of probing texts: each known text beside another one, empty ones among them, and random ones */
export function probingPairs(count: number, { seed = 1, words = [] as readonly string[] } = {}): TextPair[] {
  const first = probingTexts(count, { seed, words });
  const second = probingTexts(count, { seed: seed + 1, words });
  // Neighbours rather than the same known text twice.
  return first.map((text, index) => ({ text, textPair: second[(index * 7 + 1) % count] ?? "" }));
}
