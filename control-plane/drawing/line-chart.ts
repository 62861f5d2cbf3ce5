/** Lines over an axis, with a band around each where its uncertainty is known. Pure. */
import { area, line } from "d3-shape";
import { type Axis, horizontalAxis, verticalAxis } from "./axes.ts";
import type { Tone } from "./style.ts";
import { type Box, dot, label, path } from "./svg.ts";

export interface Point {
  x: number;
  y: number;
}

export interface Line {
  tone: Tone;
  points: readonly Point[];
  /** Bounds around each point, in the vertical axis' unit. */
  band?: (point: Point) => readonly [low: number, high: number];
  /** Draws a dot at each point. */
  dots?: boolean;
  /** At the end of the line: its name, and a second row under it. */
  end?: { name: string; value: string };
}

export interface LineChart {
  plot: Box;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
}

/** Two rows of text each. */
const END_LABEL_HEIGHT = 34;

/** Axes, bands and lines. */
export function lineChart({ plot, x, y, lines }: LineChart): string {
  const bands = lines.map(({ tone, points, band }) => {
    if (band === undefined) return "";
    const shape = area<Point>()
      .x((point) => x.scale(point.x))
      .y0((point) => y.scale(band(point)[0]))
      .y1((point) => y.scale(band(point)[1]))
      .digits(1);
    return path(shape(points) ?? "", `${tone} band`);
  });
  const curves = lines.map(({ tone, points, dots = false }) => {
    const shape = line<Point>()
      .x((point) => x.scale(point.x))
      .y((point) => y.scale(point.y))
      .digits(1);
    const marks = dots ? points.map((point) => dot(x.scale(point.x), y.scale(point.y), `${tone} fill`, 3)) : [];
    return path(shape(points) ?? "", `${tone} curve`) + marks.join("");
  });
  return [verticalAxis(plot, y), horizontalAxis(plot, x), ...bands, ...curves, endLabels(plot, y, lines)].join("");
}

/** From the top down. Labels that would overlap move down. */
function endLabels({ x, y: top, width }: Box, y: Axis, lines: readonly Line[]): string {
  let freeFrom = top;
  return lines
    .flatMap(({ tone, points, end }) => {
      const last = points.at(-1);
      return end === undefined || last === undefined ? [] : [{ tone, end, at: y.scale(last.y) }];
    })
    .toSorted((a, b) => a.at - b.at)
    .map(({ tone, end, at }) => {
      const baseline = Math.max(at, freeFrom);
      freeFrom = baseline + END_LABEL_HEIGHT;
      const left = x + width + 12;
      return (
        label(left, baseline, end.name, { as: `${tone} tone`, bold: true, size: 13 }) +
        label(left, baseline + 16, end.value)
      );
    })
    .join("");
}
