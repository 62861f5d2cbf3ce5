/** Pure. The sticky split: a key's number among 10,000, the same in every isolate [Envoy fractional percent, Unleash]. */
import { murmur3 } from "../../formats/murmur3.ts";

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
