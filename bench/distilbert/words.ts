/** Pure. The word pieces of a vocabulary of any size: the same list for the same size, and a larger one begins with a smaller one. */
import { seededRandom } from "../../models/onnx/random.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const SIGNS = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const ONSETS = ["b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl"];
const VOWELS = ["a", "e", "i", "o", "u", "ea", "ou", "io"];
const ENDINGS = ["", "", "", "n", "r", "s", "t", "l", "ng", "ck"];
/** About the share of continuations in BERT's own list. */
const CONTINUATION_SHARE = 0.2;
const SEED = 30_522;

/** Letters first, alone and as continuations, so that every word has a spelling; then signs, then made-up words. */
export function wordPieces(count: number): string[] {
  const pieces = new Set([...LETTERS, ...Array.from(LETTERS, (letter) => `##${letter}`), ...SIGNS]);
  const random = seededRandom(SEED);
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? "";
  while (pieces.size < count) {
    const isContinuation = random() < CONTINUATION_SHARE;
    const syllables = 1 + Math.floor(random() * (isContinuation ? 2 : 3));
    const word = Array.from({ length: syllables }, () => pick(ONSETS) + pick(VOWELS)).join("") + pick(ENDINGS);
    pieces.add(isContinuation ? `##${word}` : word);
  }
  return [...pieces].slice(0, count);
}
