/** Somebody else's words as an attribute's value: printable ASCII. Pure. */

/** The trace drops longer values whole; the start of a policy's problem is worth more than nothing. */
const PROBLEM_CHARACTERS = 200;

export function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, PROBLEM_CHARACTERS);
}
