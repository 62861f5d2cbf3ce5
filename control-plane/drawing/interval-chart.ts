/** Estimates with their intervals on one axis, beside the value that means "no difference". Pure. */
import { horizontalAxis, logAxis } from "./axes.ts";
import type { Tone } from "./style.ts";
import { type Box, dot, label, path } from "./svg.ts";

export interface IntervalRow {
  name: string;
  /** The estimate as it is shown. */
  text: string;
  tone: Tone;
  value: number;
  low: number;
  /** Null where it has no upper bound. */
  high: number | null;
}

const ROW_HEIGHT = 44;
const TOP = 8;
const CAP = 5;
/** For half of a tick's name, such as "0.0001". */
const MARGIN = 24;

/** Ratios on a logarithmic axis with a line at 1. @returns the markup and its height */
export function ratioChart(rows: readonly IntervalRow[], width: number, write: (ratio: number) => string) {
  const bounds = rows.flatMap(({ value, low, high }) => [value, low > 0 ? low : value, high ?? value]);
  const plot: Box = { x: MARGIN, y: TOP, width: width - 2 * MARGIN, height: rows.length * ROW_HEIGHT };
  const [lowest, highest] = [Math.min(0.8, ...bounds), Math.max(1.25, ...bounds)];
  const { scale, ticks } = logAxis(lowest, highest, [plot.x, plot.x + plot.width]);
  const one = scale(1);
  const drawn = rows.map(({ name, text, tone, value, low, high }, index) => {
    const y = TOP + index * ROW_HEIGHT + 32;
    const [from, to] = [low > 0 ? scale(low) : plot.x, high === null ? plot.x + plot.width : scale(high)];
    const caps = `M${from} ${y - CAP}v${2 * CAP}M${to} ${y - CAP}v${2 * CAP}`;
    return (
      path(`M${from} ${y}H${to}${caps}`, `${tone} curve`) +
      dot(scale(value), y, `${tone} fill`, 5) +
      label(0, y - 16, name, { as: "ink halo" }) +
      label(width, y - 16, text, { anchor: "end", as: "halo" })
    );
  });
  const same = path(`M${one} ${plot.y}V${plot.y + plot.height}`, "mark");
  return {
    markup: [horizontalAxis(plot, { scale, ticks, write }), same, ...drawn].join(""),
    height: plot.y + plot.height + 26,
  };
}
