/** Names of tones, in rows that fit a width. Pure. */
import type { Tone } from "./style.ts";
import { label, rectangle, widthOf } from "./svg.ts";

export interface LegendItem {
  name: string;
  tone: Tone;
}

const ROW_HEIGHT = 18;
const SWATCH = 10;
const GAP = 18;

/** @returns the markup and its height */
export function legend(items: readonly LegendItem[], x: number, y: number, width: number) {
  let left = x;
  let top = y;
  const drawn = items.map(({ name, tone }) => {
    const needed = SWATCH + 6 + widthOf(name);
    if (left > x && left + needed > x + width) {
      left = x;
      top += ROW_HEIGHT;
    }
    const box = { x: left, y: top + 1, width: SWATCH, height: SWATCH };
    const markup = rectangle(box, `${tone} fill`, 2) + label(left + SWATCH + 6, top + SWATCH, name, { as: "ink" });
    left += needed + GAP;
    return markup;
  });
  return { markup: drawn.join(""), height: top - y + ROW_HEIGHT };
}
