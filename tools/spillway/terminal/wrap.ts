/** Pure. Text in the width of a terminal: a line ends between words. */
import { plainOf } from "./colors.ts";

/** CJK, Hangul, full-width forms and emoji are two columns wide. https://www.unicode.org/reports/tr11/ */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /\p{Mn}|\p{Me}|\u200b|\u200c|\u200d/u;

/** @returns the columns that a text takes, without its colours */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of plainOf(text)) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** @returns the width of a terminal; null for a file or a pipe, which are not wrapped */
export function columnsOf({ isTTY, columns }: { isTTY?: boolean; columns?: number }): number | null {
  return isTTY === true && columns !== undefined && columns > 0 ? columns : null;
}

export interface WrapOptions {
  /** Null: nothing is wrapped. */
  columns: number | null;
  /** Spaces before the second line and those after it. */
  indent?: number;
  /** Divides a word that is longer than a line. Otherwise it gets a line, which the terminal wraps. */
  dividesWords?: boolean;
}

/** @returns the lines of a text without line ends; the spaces between two words on one line are kept */
export function wrapped(text: string, { columns, indent = 0, dividesWords = false }: WrapOptions): string[] {
  if (columns === null || widthOf(text) <= columns) return [text];
  const lines: string[] = [];
  const margin = " ".repeat(Math.min(indent, Math.floor(columns / 2)));
  let line = "";
  const space = () => columns - (lines.length === 0 ? 0 : margin.length);
  const end = () => {
    lines.push((lines.length === 0 ? "" : margin) + line.trimEnd());
    line = "";
  };
  for (const [, gap = "", word = ""] of text.matchAll(/(\s*)(\S+)/gu)) {
    let rest = word;
    // The spaces at the start of a text are its own indent.
    const isFirst = lines.length === 0 && line === "";
    if (isFirst || (line !== "" && widthOf(line + gap + word) <= space())) line += gap;
    else if (line !== "") end();
    while (dividesWords && widthOf(line + rest) > space()) {
      const head = headOf(rest, Math.max(1, space() - widthOf(line)));
      line += head;
      rest = rest.slice(head.length);
      end();
    }
    line += rest;
  }
  if (line !== "") end();
  return lines;
}

/** The longest start of a word that fits, at least one character. */
function headOf(word: string, columns: number): string {
  let head = "";
  for (const character of word) {
    if (head !== "" && widthOf(head + character) > columns) break;
    head += character;
  }
  return head;
}
