/** Pure. Texts of up to a megabyte that have cost a tokenizer, or could cost one, more than their caller. */
import { seededRandom } from "../../seeded-random.ts";

export interface HostileText {
  name: string;
  /** One request: a text, or several. */
  inputs: readonly string[];
}

/** Bytes of one request, below the default limit of 1 MiB. */
const REQUEST_BYTES = 1_000_000;

const ALPHABETS = {
  hex: "0123456789abcdef",
  base64: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
};

/** The same texts for the same seed. */
export function hostileTexts(seed: number): HostileText[] {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const from = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
  const lines = (alphabet: string, bytes: number, width: number) =>
    Array.from({ length: Math.floor(bytes / (width + 1)) }, () => from(alphabet, width)).join("\n");
  const characters = (first: number, last: number, bytes: number) => {
    const size = new TextEncoder().encode(String.fromCodePoint(last)).length;
    const character = () => String.fromCodePoint(first + below(last - first + 1));
    return Array.from({ length: Math.floor(bytes / size) }, character).join("");
  };
  const repeated = (text: string, bytes = REQUEST_BYTES) =>
    text.repeat(Math.floor(bytes / new TextEncoder().encode(text).length));
  const one = (name: string, text: string): HostileText => ({ name, inputs: [text] });
  const mail = () => `Please find the report attached.\n\n${lines(ALPHABETS.base64, 890_000, 76)}`;
  const words = (separator: string) => `${separator.repeat(8200)}${repeated("word ", 900_000)}`;
  return [
    one("8,200 blanks and hex in lines of 64", `${" ".repeat(8200)}${lines(ALPHABETS.hex, 970_000, 64)}`),
    one("mail with a base64 attachment", mail()),
    one("words of 99 x", `${"x".repeat(99)} `.repeat(10_000)),
    one("words behind 8,200 blanks", words(" ")),
    one("words behind 8,200 newlines", words("\n")),
    one("words behind 8,200 zero-width spaces", words("\u200b")),
    one("漢字 170,000 times", repeated("漢字")),
    one("English without a space", repeated("thequickbrownfoxjumpsoverthelazydog")),
    { name: "five texts of 16,000 tokens", inputs: Array.from({ length: 5 }, () => repeated("word ", 80_000)) },
    one("16,000 tokens", repeated("word ", 80_000)),
    one("10,000 distinct long words", Array.from({ length: 10_000 }, () => from(ALPHABETS.base64, 90)).join(" ")),
    one("blanks", " ".repeat(REQUEST_BYTES)),
    one("newlines", "\n".repeat(REQUEST_BYTES / 2)),
    one("one letter", "a".repeat(REQUEST_BYTES)),
    one("hex in one line", from(ALPHABETS.hex, REQUEST_BYTES)),
    one("base64 in one line", from(ALPHABETS.base64, REQUEST_BYTES)),
    one("dashes", "-".repeat(REQUEST_BYTES)),
    one("words of 600 dashes", repeated(`${"-".repeat(600)} `)),
    one("equals signs", "=".repeat(REQUEST_BYTES)),
    one("haha", repeated("ha")),
    one("accents on one letter", `a${repeated("\u0301")}`),
    one("accents of two classes", `a${repeated("\u0301\u0323")}`),
    one("fifty accents on each letter", repeated(`a${"\u0301".repeat(50)}`)),
    one("random Chinese", characters(0x4e00, 0x9fff, REQUEST_BYTES)),
    one("random Korean", characters(0xac00, 0xd7a3, REQUEST_BYTES)),
    one("random Arabic", characters(0x620, 0x64a, REQUEST_BYTES)),
    one("random Hindi", characters(0x904, 0x939, REQUEST_BYTES)),
    one("random rare scripts", characters(0x10000, 0x1ffff, REQUEST_BYTES)),
    one("emoji families", repeated("👨‍👩‍👧‍👦")),
    one("joiners", repeated("\u200d")),
    one("opening brackets", "[".repeat(REQUEST_BYTES)),
    one("[MASK]", repeated("[MASK]")),
    one("beginnings of [MASK]", repeated("[MAS")),
    one("blanks around a token", `${" ".repeat(500_000)}[SEP]${" ".repeat(490_000)}`),
    one("English", repeated("The minutes of the meeting are attached, as promised. ")),
    one("digits", from("0123456789", REQUEST_BYTES)),
    one("capitals with accents", repeated("ÀÉÎÕÜ")),
    one("ligatures", repeated("ﷺﬃ")),
    one("private use", characters(0xe000, 0xf8ff, REQUEST_BYTES)),
    one("HTML", repeated('<p class="x">a</p>\n')),
    { name: "64 texts of 15 kB", inputs: Array.from({ length: 64 }, () => from(ALPHABETS.hex, 15_000)) },
    one("short", "The minutes of the meeting are attached."),
  ];
}
