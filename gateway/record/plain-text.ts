/** Words of ours that may hold foreign ones, made fit to leave. Pure. */

/** Longer values are dropped whole on their way out; the start of a policy's problem is worth more than nothing. */
const LONGEST = 200;

export function plainText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, LONGEST);
}
