/** Stacked columns, one per name. Pure. */
import { scaleBand, scaleLinear } from "d3-scale";
import { stack } from "d3-shape";
import { verticalAxis } from "./axes.ts";
import type { Tone } from "./style.ts";
import { type Box, label, rectangle } from "./svg.ts";

export interface Column {
  name: string;
  /** By key; from the bottom in the order of the chart's keys. */
  values: Readonly<Record<string, number>>;
}

export interface ColumnChart {
  plot: Box;
  keys: readonly { key: string; tone: Tone }[];
  columns: readonly Column[];
  write: (value: number) => string;
}

const TICKS = 4;
const MIN_NAME_PX = 52;
const MAX_COLUMN_PX = 56;

/** Axes and columns. Names that have no space are left out. */
export function columnChart({ plot, keys, columns, write }: ColumnChart): string {
  const totals = columns.map(({ values }) => keys.reduce((sum, { key }) => sum + (values[key] ?? 0), 0));
  const y = scaleLinear([0, Math.max(...totals, Number.MIN_VALUE)], [plot.y + plot.height, plot.y]).nice(TICKS);
  const x = scaleBand(columns.keys(), [plot.x, plot.x + plot.width]).padding(0.25);
  const width = Math.min(MAX_COLUMN_PX, x.bandwidth());
  const left = (index: number) => (x(index) ?? 0) + (x.bandwidth() - width) / 2;
  const layers = stack<Column>()
    .keys(keys.map(({ key }) => key))
    .value(({ values }, key) => values[key] ?? 0)([...columns]);
  const boxes = layers.flatMap((layer, at) =>
    layer.map(([from, to], index) => {
      const box = { x: left(index), y: y(to), width, height: y(from) - y(to) };
      return box.height < 0.05 ? "" : rectangle(box, `${keys[at]?.tone ?? "grey"} fill`);
    }),
  );
  const every = Math.max(1, Math.ceil(MIN_NAME_PX / x.step()));
  const names = columns.map(({ name }, index) =>
    index % every === 0 ? label(left(index) + width / 2, plot.y + plot.height + 18, name, { anchor: "middle" }) : "",
  );
  return [verticalAxis(plot, { scale: y, ticks: y.ticks(TICKS), write }), ...boxes, ...names].join("");
}
