/**
 * Stored texts on a terminal. A policy, a key's name or a message of Cloudflare can hold control characters, which move the cursor, hide
 * lines or change the terminal's settings, and bidirectional ones, which reorder what is read. They are shown as `\u{…}`.
 */
import { format } from "node:util";
import { asColours } from "./colors.ts";

/** Control characters without tab and newline, and those that change the direction or the lines of text. */
const UNSAFE = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** @returns the text with each unsafe character as its code point */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

type Stream = Pick<NodeJS.WriteStream, "write"> & { isTTY?: boolean };

/** From now on, `console.log` and `console.error` write texts safely where their stream is a terminal. Files and pipes get every byte. */
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
      stream.write(`${asColours(visible(format(...values)))}\n`);
    };
  }
}
