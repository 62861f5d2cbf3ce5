/** Pure. The sticky split: a key's place among 10,000, the same on every isolate. Source: field-terms "Sticky split". */

const BASIS_POINTS = 10_000;
/** Changing the salt reshuffles every caller: never change it. */
const SALT = "spillway-edge-share";

/** 0 to 9,999. */
export function basisPointsOf(key: string): number {
  return saltedBasisPointsOf(SALT, key);
}

/** 0 to 9,999; different salts give splits that have nothing to do with one another. */
export function saltedBasisPointsOf(salt: string, key: string): number {
  return murmur3(`${salt}:${key}`) % BASIS_POINTS;
}

/** Monotone in the share: a bucket inside 10 % is inside every larger share too. */
export function insideShare(bucket: number, sharePercent: number): boolean {
  return bucket < Math.round(sharePercent * 100);
}

/** Pure. MurmurHash3 x86 32-bit with seed 0 over UTF-8 (Austin Appleby, public domain). */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** An unsigned 32-bit integer. */
export function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < tail; at += 4) {
    hash ^= scramble(view.getUint32(at, true));
    hash = (Math.imul(rotateLeft(hash, 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = bytes.length - 1; at >= tail; at--) rest = (rest << 8) | view.getUint8(at);
  if (tail < bytes.length) hash ^= scramble(rest);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  return Math.imul(rotateLeft(Math.imul(word, C1), 15), C2);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
