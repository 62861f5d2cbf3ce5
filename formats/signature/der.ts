/**
 * ECDSA signatures in their two forms. Bundles hold DER, `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3); WebCrypto
 * uses r‖s, each padded to the curve's size.
 */

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** Lengths from here on take more than one byte. Signatures of P-256 and P-384 are shorter. */
const LONG_FORM = 0x80;

/**
 * r‖s, or null for anything but strict DER: a second encoding of the same signature is refused, as in OpenSSL.
 * @param integerBytes size of each integer in the result
 */
export function rawFromDer(der: Uint8Array, integerBytes: number): Uint8Array<ArrayBuffer> | null {
  const [tag, length] = der;
  if (tag !== SEQUENCE || length === undefined || length >= LONG_FORM || der.length !== 2 + length) return null;
  const r = readInteger(der.subarray(2), integerBytes);
  const s = r && readInteger(der.subarray(2 + r.bytesRead), integerBytes);
  if (!r || !s || r.bytesRead + s.bytesRead !== length) return null;
  const raw = new Uint8Array(2 * integerBytes);
  raw.set(r.magnitude, integerBytes - r.magnitude.length);
  raw.set(s.magnitude, 2 * integerBytes - s.magnitude.length);
  return raw;
}

/** @param raw r‖s, two integers of the same size, of at most 48 bytes each */
export function derFromRaw(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  const content = [raw.subarray(0, half), raw.subarray(half)].flatMap(writeInteger);
  return Uint8Array.from([SEQUENCE, content.length, ...content]);
}

/** The first integer in `bytes`: positive, in as few bytes as possible, and not larger than the curve's. */
function readInteger(bytes: Uint8Array, maxBytes: number): { magnitude: Uint8Array; bytesRead: number } | null {
  const [tag, length, first, second = 0] = bytes;
  if (tag !== INTEGER || length === undefined || length === 0 || length >= LONG_FORM) return null;
  if (first === undefined || bytes.length < 2 + length) return null;
  const negative = first >= 0x80;
  const padded = first === 0 && length > 1;
  // A leading zero is allowed only where it keeps the number positive.
  if (negative || (padded && second < 0x80)) return null;
  const magnitude = bytes.subarray(padded ? 3 : 2, 2 + length);
  return magnitude.length > maxBytes ? null : { magnitude, bytesRead: 2 + length };
}

function writeInteger(fixed: Uint8Array): number[] {
  const start = fixed.findIndex((byte) => byte !== 0);
  const magnitude = start < 0 ? [0] : Array.from(fixed.subarray(start));
  const [first = 0] = magnitude;
  const content = first >= 0x80 ? [0, ...magnitude] : magnitude;
  return [INTEGER, content.length, ...content];
}
