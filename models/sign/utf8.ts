/** A text's bytes, in an array of their own: the platforms' types disagree on what `TextEncoder` gives. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}
