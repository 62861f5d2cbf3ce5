/** Horizontal bars with a name and a value each. Pure. */
import { scaleLinear } from "d3-scale";
import type { Tone } from "./style.ts";
import { label, rectangle } from "./svg.ts";

export interface Bar {
  name: string;
  value: number;
  /** The value as it is shown. */
  text: string;
  tone: Tone;
}

const ROW_HEIGHT = 38;
const BAR_HEIGHT = 12;
const MIN_BAR_PX = 2;

/** The name and the value of a bar are above it, so that long names fit a phone. @returns the markup and its height */
export function barChart(bars: readonly Bar[], width: number) {
  const scale = scaleLinear([0, Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)], [0, width]);
  const drawn = bars.map(({ name, value, text, tone }, index) => {
    const y = index * ROW_HEIGHT;
    const box = { x: 0, y: y + 18, width: Math.max(MIN_BAR_PX, scale(value)), height: BAR_HEIGHT };
    return (
      rectangle({ ...box, width }, "track", 3) +
      rectangle(box, `${tone} fill`, 3) +
      label(0, y + 12, name, { as: "ink" }) +
      label(width, y + 12, text, { anchor: "end" })
    );
  });
  return { markup: drawn.join(""), height: bars.length * ROW_HEIGHT };
}
