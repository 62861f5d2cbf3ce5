/** When the P95s of two arms are compared, and how much of the error each comparison may spend. Pure. */
import type { Histogram } from "../../formats/ledger/histogram.ts";
import { quantileEstimate, ratioOf } from "./quantile.ts";

const FIRST_TEXTS = 200;
/** Of all looks together. */
const ERROR = 0.05;

/** The number of the latest scheduled look, from 1, at n = 200 · 2^(k/2) texts of the smaller arm; 0 before the first. */
export function p95Look(texts: number): number {
  if (texts < FIRST_TEXTS) return 0;
  const look = Math.floor(2 * Math.log2(texts / FIRST_TEXTS));
  // Rounding may put the number at its own threshold one too low.
  return textsOfLook(look + 1) <= texts ? look + 1 : look;
}

/** The texts of the smaller arm at which a look is due. */
export function textsOfLook(look: number): number {
  return Math.ceil(FIRST_TEXTS * 2 ** (look / 2));
}

/** The error of a look: Σ 6/(π²k²) = 1 over all looks. */
export function errorOfLook(look: number): number {
  return (ERROR * 6) / (Math.PI * look) ** 2;
}

/**
 * Both P95s in ms, and their ratio with bounds that hold at all scheduled looks together, with 95 %. Each look is made once: when its number
 * is first reached. Null where one arm has too few texts.
 */
export function compareP95(treatment: Histogram, control: Histogram, look: number) {
  const each = 1 - errorOfLook(look) / 2;
  const [first, second] = [quantileEstimate(treatment, 0.95, each), quantileEstimate(control, 0.95, each)];
  return { treatmentMs: first?.value ?? null, controlMs: second?.value ?? null, ratio: ratioOf(first, second) };
}
