/** Words that stand in no program, package or text, so that each place in memory that has one has it from a caller. */

const MARK = "qvzwortmarke";
const LETTERS = "abcdefghij";
const WORD = new RegExp(`${MARK}[${LETTERS}]+`, "g");

/** Each word is another one. */
export function* distinctWords(): Generator<string, never> {
  for (let number = 100_000; ; number++) {
    yield MARK + String(number).replaceAll(/\d/g, (digit) => LETTERS[Number(digit)] ?? "");
  }
}

/** @param memory a heap snapshot, as text */
export function wordsIn(memory: string): Set<string> {
  return new Set(memory.match(WORD));
}
