/** Whitespace and small letters, the same in every runtime. */
import { CodePointMap } from "./code-point-map.ts";
import { CodePointSet } from "./code-point-set.ts";
import { CAPITAL } from "./tables.ts";

/** Unicode's White_Space, in every library of the reference. */
export const WHITESPACE: readonly number[] = [
  0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
  0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
];

/** Whether it is in WHITESPACE. */
export function isWhitespace(codePoint: number): boolean {
  if (codePoint <= 0x20) return codePoint === 0x20 || (codePoint >= 0x09 && codePoint <= 0x0d);
  if (codePoint < 0x1680) return codePoint === 0x85 || codePoint === 0xa0;
  if (codePoint >= 0x2000 && codePoint <= 0x200a) return true;
  return (
    codePoint === 0x2028 ||
    codePoint === 0x2029 ||
    codePoint === 0x202f ||
    codePoint === 0x205f ||
    codePoint === 0x3000 ||
    codePoint === 0x1680
  );
}

/** Capitals that are newer than some runtimes: first, last, step, distance of the small letter. Rust's library has Unicode 17. */
const NEW_CAPITALS: readonly (readonly [number, number, number, number])[] = [
  [0x1c89, 0x1c89, 1, 1],
  [0xa7cb, 0xa7cb, 1, 0x264 - 0xa7cb],
  [0xa7cc, 0xa7da, 2, 1],
  [0xa7dc, 0xa7dc, 1, 0x19b - 0xa7dc],
  [0x10d50, 0x10d65, 1, 0x20],
  [0x16ea0, 0x16eb8, 1, 0x1b],
];

/** The small letters of each capital, without its context: a capital sigma is always σ. */
export function smallLetters(): CodePointMap {
  return new CodePointMap(new CodePointSet(CAPITAL), (codePoint) => {
    for (const [first, last, step, distance] of NEW_CAPITALS) {
      const isInRange = codePoint >= first && codePoint <= last && (codePoint - first) % step === 0;
      if (isInRange) return String.fromCodePoint(codePoint + distance);
    }
    return String.fromCodePoint(codePoint).toLowerCase();
  });
}

/**
 * Calls `put` with the small letters of a character.
 * @param small as `smallLetters` makes it
 */
export function putLowerCase(codePoint: number, small: CodePointMap, put: (codePoint: number) => void): void {
  if (codePoint < 128) {
    put(codePoint >= 0x41 && codePoint <= 0x5a ? codePoint + 0x20 : codePoint);
    return;
  }
  const place = small.placeOf(codePoint);
  if (place < 0) put(codePoint);
  else for (let index = 0; index < small.lengthAt(place); index++) put(small.codePointAt(place, index));
}
