/** Pure. The sticky split: a key's place among 10,000, the same on every isolate. Source: field-terms "Sticky split". */
import { murmur3 } from "./murmur3.ts";

const BASIS_POINTS = 10_000;
/** Changing the salt reshuffles every caller: never change it. */
const SALT = "spillway-edge-share";

/** 0 to 9,999. */
export function bucketOf(key: string): number {
  return keyedBucket(SALT, key);
}

/** 0 to 9,999; different salts give splits that have nothing to do with one another. */
export function keyedBucket(salt: string, key: string): number {
  return murmur3(`${salt}:${key}`) % BASIS_POINTS;
}

/** Monotone in the share: a bucket inside 10 % is inside every larger share too. */
export function insideShare(bucket: number, sharePercent: number): boolean {
  return bucket < Math.round(sharePercent * 100);
}
