/**
 * Stored texts on a terminal. A policy, a key's name or a message of Cloudflare can hold control characters, which move the cursor, hide
 * lines or change the terminal's settings, and bidirectional ones, which reorder what is read. They are shown as `\u{…}`. A text that is
 * longer than a line is wrapped between words.
 */
import { format } from "node:util";
import { parseJson } from "../../../formats/json.ts";
import { asColours } from "./colors.ts";
import { columnsOf, wrapped } from "./wrap.ts";

/** Control characters without tab and newline, and those that change the direction or the lines of text. */
const UNSAFE = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** @returns the text with each unsafe character as its code point */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/** A command to copy, or a table in its own width: a line end in it would change what it means. */
const IS_LITERAL = /^ {4}/;
/** The indent of a line, with the mark of a note. */
const INDENT = /^ *([!✓✗·→] )?/;

/**
 * @param columns of the terminal; null for no wrapping
 * @returns the text with line ends between words where a line is too long; JSON and lines that begin with four spaces as they are
 */
export function inWidth(text: string, columns: number | null): string {
  if (columns === null || (/^[[{]/.test(text) && parseJson(text) !== undefined)) return text;
  const lines = text.split("\n").map((line) => {
    if (IS_LITERAL.test(line)) return line;
    return wrapped(line, { columns, indent: INDENT.exec(line)?.[0].length ?? 0 }).join("\n");
  });
  return lines.join("\n");
}

type Stream = Pick<NodeJS.WriteStream, "write"> & { isTTY?: boolean; columns?: number };

/**
 * From now on, `console.log` and `console.error` write texts safely and in the terminal's width where their stream is a terminal. Files and
 * pipes get every byte.
 */
export function makeConsoleSafe(
  console: Pick<Console, "log" | "error">,
  streams: { stdout: Stream; stderr: Stream },
): void {
  for (const [method, stream] of [
    ["log", streams.stdout],
    ["error", streams.stderr],
  ] as const) {
    if (stream.isTTY !== true) continue;
    console[method] = (...values: unknown[]) => {
      stream.write(`${asColours(inWidth(visible(format(...values)), columnsOf(stream)))}\n`);
    };
  }
}
