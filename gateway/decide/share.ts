/** Pure. The sticky split: a key's number among 10,000, the same in every isolate [Envoy fractional percent, Unleash]. */

const BASIS_POINTS = 10_000;
/** Changing a salt reshuffles every caller: never change one. */
const EDGE_SALT = "spillway-edge-share";
/** A separate salt: which requests are shadowed is independent of which callers are inside the edge's share. */
const SHADOW_SALT = "spillway-shadow";

/** 0 to 9,999. */
export function basisPointsOf(key: string): number {
  return saltedBasisPointsOf(EDGE_SALT, key);
}

/** 0 to 9,999; different salts give independent splits. */
export function saltedBasisPointsOf(salt: string, key: string): number {
  return murmur3(`${salt}:${key}`) % BASIS_POINTS;
}

/** Monotone in the share: a key inside 10 % is inside every larger share too. */
export function insideShare(basisPoints: number, sharePercent: number): boolean {
  return basisPoints < Math.round(sharePercent * 100);
}

/** Whether a request's texts are also sent to the other side, to compare. */
export function isShadowed(requestId: string, sharePercent: number): boolean {
  return insideShare(saltedBasisPointsOf(SHADOW_SALT, requestId), sharePercent);
}

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** MurmurHash3 x86 32-bit with seed 0 over UTF-8 (Austin Appleby, public domain): an unsigned 32-bit integer. */
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
