/** Hostile texts. fast-check's own strings of any character build a table of all of Unicode first: two seconds of a core. */
import fc from "fast-check";
import { CANARY } from "../../support/texts.ts";

const MAX_UNITS = 24;
const SURROGATES = { first: 0xd800, count: 0x800 };
const MAX_CODE_POINT = 0x10ffff;
const ODD = [
  "\u0000",
  "\u0301",
  "\u200d",
  "\u202e",
  "\ufeff",
  "\ufffd",
  "\ufffe",
  "\u{1f469}",
  "\u{10ffff}",
  "\ud83d",
  "\udc00",
  "ß",
  "ſ",
  "İ",
  "𝕏",
  "אב",
  "中",
  "\r\n",
  "\u2028",
  '"',
  "\\",
  "</script>",
  "$" + "{x}",
  "%00",
  "[CLS]",
  "[SEP]",
  "##",
  "__proto__",
];

const LETTERS = [..."aEñßıЖΩשعकกあ中한"];
const MARKS = ["\u0301", "\u0308", "\u0327", "\u05b0", "\u064e", "\u093f", "\u0e31", "\u3099", "\ufe0f", "\u20e3"];
/** Each is one character for its reader, and several for a program. */
const SEQUENCES = ["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "🏴‍☠️", "1️⃣", "각", "நி", "क्ष"];

type Unit = (random: fc.Random) => string;

const asciiUnit: Unit = (random) => String.fromCharCode(random.nextInt(0, 127));
/** Any code point that is not half of a character; as often one of the first thousand. */
const anyUnit: Unit = (random) => {
  const last = random.nextInt(0, 1) === 0 ? 999 : MAX_CODE_POINT - SURROGATES.count;
  const at = random.nextInt(0, last);
  return String.fromCodePoint(at < SURROGATES.first ? at : at + SURROGATES.count);
};
const oneOf = (units: readonly string[], random: fc.Random) => units[random.nextInt(0, units.length - 1)] ?? "";
const graphemeUnit: Unit = (random) => {
  const kind = random.nextInt(0, 3);
  if (kind === 0) return oneOf(SEQUENCES, random);
  return oneOf(LETTERS, random) + (kind === 1 ? "" : oneOf(MARKS, random)) + (kind === 3 ? oneOf(MARKS, random) : "");
};
const oddUnit: Unit = (random) => oneOf(ODD, random);
/** By how often each kind of text is made. */
const KINDS = [anyUnit, anyUnit, anyUnit, oddUnit, oddUnit, graphemeUnit];

/** The canary and then up to `MAX_UNITS` units of one of the kinds. A text that fails is cut. */
class MarkedText extends fc.Arbitrary<string> {
  readonly #kinds: readonly Unit[];

  constructor(kinds: readonly Unit[]) {
    super();
    this.#kinds = kinds;
  }

  override generate(random: fc.Random): fc.Value<string> {
    const unit = this.#kinds[random.nextInt(0, this.#kinds.length - 1)] ?? anyUnit;
    // Short ones are more frequent.
    const units = random.nextInt(0, random.nextInt(0, MAX_UNITS));
    let text = CANARY;
    for (let made = 0; made < units; made++) text += unit(random);
    return new fc.Value(text, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is string {
    return typeof value === "string" && value.startsWith(CANARY);
  }

  override shrink(value: string): fc.Stream<fc.Value<string>> {
    const units = [...value.slice(CANARY.length)];
    const lengths = [0, units.length >> 1, units.length - 1].filter((length) => length >= 0 && length < units.length);
    const shorter = [...new Set(lengths)].map((length) => `${CANARY}${units.slice(0, length).join("")}`);
    return fc.Stream.of(...shorter.map((text) => new fc.Value(text, undefined)));
  }
}

/** Any text that a JavaScript string can hold, halves of characters among it, with the canary before it. */
export const text: fc.Arbitrary<string> = new MarkedText(KINDS);
/** Of ASCII, control characters among it, with the canary before it. */
export const asciiText: fc.Arbitrary<string> = new MarkedText([asciiUnit]);
