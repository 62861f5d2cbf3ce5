/** Lines of a text that arrives in pieces. Holds one line. */
import type { Chunks } from "./call.ts";

/** Longer lines are no records: they are reported and skipped. */
export const MAX_LINE_CHARACTERS = 4 * 2 ** 20;

/**
 * Calls `onLine` with each line that is not blank and its number, from 1. CRLF is a line end.
 * @param onTooLong receives the number of a line of more than `MAX_LINE_CHARACTERS`
 */
export async function eachLine(
  chunks: Chunks,
  onLine: (line: string, number: number) => void,
  onTooLong: (number: number) => void,
): Promise<void> {
  let rest = "";
  let number = 0;
  let isSkipping = false;
  const end = (line: string) => {
    number += 1;
    if (isSkipping || line.length > MAX_LINE_CHARACTERS) onTooLong(number);
    else if (line.trim() !== "") onLine(line.endsWith("\r") ? line.slice(0, -1) : line, number);
    isSkipping = false;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf("\n"); at !== -1; at = chunk.indexOf("\n", from)) {
      end(rest + chunk.slice(from, at));
      rest = "";
      from = at + 1;
    }
    rest += chunk.slice(from);
    if (rest.length > MAX_LINE_CHARACTERS) {
      isSkipping = true;
      rest = "";
    }
  }
  if (rest !== "" || isSkipping) end(rest);
}
