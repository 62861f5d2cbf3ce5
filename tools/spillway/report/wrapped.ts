/** Pure. Sentences in lines: a figure and its unit, and the bounds of an interval, stay together. */

const NO_BREAK = "\u00a0";
/** Behind a number, before a unit or another bound. */
const INSIDE_FIGURE = /(?<=\d,?) (?=(ms|s|min|h|%|times|points|day|days)\b|%|[\d+\u2212])/g;

/** The sentence with spaces that do not break inside figures. */
export function glued(sentence: string): string {
  return sentence.replace(INSIDE_FIGURE, NO_BREAK);
}

/** The sentence as lines of at most so many characters. */
export function wrapped(sentence: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of glued(sentence).split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one) => one.replaceAll(NO_BREAK, " "));
}
