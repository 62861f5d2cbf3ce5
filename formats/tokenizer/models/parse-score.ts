/**
 * Pure. Reads a number as Rust's serde_json does, whose last bit is not always that of the nearest number. Equal rows of pieces in another
 * order have scores that differ in that bit, and the better one is chosen.
 */
const MAX_U64 = 2n ** 64n - 1n;
/** Powers of ten that serde_json has in a table. */
const MAX_POWER = 308;
const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** @param text a JSON number */
export function parseScore(text: string): number {
  const [, sign, whole = "0", decimals, exponentText] = PARTS.exec(text) ?? [];
  if (decimals === undefined && exponentText === undefined) return Number(text);
  let exponent = Number(exponentText ?? 0);
  let significand = BigInt(whole);
  if (significand > MAX_U64) return Number(text);
  // Digits that do not fit in 64 bits are left out.
  for (const digit of decimals ?? "") {
    const next = significand * 10n + BigInt(digit);
    if (next > MAX_U64) break;
    significand = next;
    exponent--;
  }
  const value = scale(Number(significand), exponent);
  return sign === "-" ? -value : value;
}

function scale(significand: number, exponent: number): number {
  let value = significand;
  let left = exponent;
  while (Math.abs(left) > MAX_POWER && value !== 0) {
    if (left > 0) return Number.POSITIVE_INFINITY;
    value /= 1e308;
    left += MAX_POWER;
  }
  const power = Number(`1e${Math.abs(left)}`);
  return left < 0 ? value / power : value * power;
}
