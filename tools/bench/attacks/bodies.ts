/** Pure. Bodies of one request that cost a parser more than their bytes. Each is refused. */

export interface HostileBody {
  name: string;
  /** Below the limit of 1 MiB. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Requests at once. */
  atOnce: number;
}

const MEGABYTE = 1_000_000;
const SMALL_BYTES = 68_000;

const PREFIX = '{"inputs":';
/** A wrong parameter behind the text: the whole body is well-formed, and refused by its shape. */
const WRONG = ',"parameters":{"top_k":0}}';

/** @returns the bodies, the same each time */
export function hostileBodies(): HostileBody[] {
  const filled = (before: string, piece: string, after: string, bytes = MEGABYTE) => {
    const size = (text: string) => new TextEncoder().encode(text).length;
    return `${before}${piece.repeat(Math.floor((bytes - size(before) - size(after)) / size(piece)))}${after}`;
  };
  const body = (name: string, text: string, atOnce = 1): HostileBody => {
    return { name, bytes: new TextEncoder().encode(text), atOnce };
  };
  const list = (item: string, bytes = MEGABYTE) => filled(`${PREFIX}[${item}`, `,${item}`, "]}", bytes);
  const numberedKeys = Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join(",");
  return [
    body("numbers", list("1")),
    body("numbers, 68 kB", list("1", SMALL_BYTES)),
    body("numbers, four at once", list("1"), 4),
    body("objects", list("{}")),
    body("objects, 68 kB", list("{}", SMALL_BYTES)),
    body("brackets", filled("", "[", "")),
    body("brackets, 68 kB", filled("", "[", "", SMALL_BYTES)),
    body("keys", `${PREFIX}"a","parameters":{${numberedKeys}}}`),
    body("one string", filled('"', "a", '"')),
    body("one string without an end", filled(`${PREFIX}"`, "a", "")),
    body("one string and a wrong parameter", filled(`${PREFIX}"`, "a", `"${WRONG}`)),
    body("one string and a wrong parameter, four at once", filled(`${PREFIX}"`, "a", `"${WRONG}`), 4),
    body("one string beyond Latin, four at once", filled(`${PREFIX}"漢`, "a", `"${WRONG}`), 4),
    body("escapes", filled(`${PREFIX}"`, "\\u0061", `"${WRONG}`)),
    body("one key", filled(`${PREFIX}"a","parameters":{"`, "k", '":1}}')),
    body("one number", filled(PREFIX, "1", "}")),
    body("blanks", filled("", " ", "")),
    body("invalid UTF-8 at the end", filled(`${PREFIX}"`, "a", 'a"}')),
  ].map((one) => (one.name.startsWith("invalid") ? { ...one, bytes: withInvalidText(one.bytes) } : one));
}

/** The last byte of the text, before its quote and the brace, is no UTF-8. */
function withInvalidText(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  bytes[bytes.length - 3] = 0xff;
  return bytes;
}
