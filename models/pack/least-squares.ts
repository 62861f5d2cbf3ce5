/** Pure. Fits value = base + perToken · tokens + perTokenSquared · tokens² to measured points. */
import type { TokenModel } from "../manifest.ts";

export interface Point {
  tokens: number;
  value: number;
}

/** Needs three points of different token counts. Solves the normal equations by Cramer's rule. */
export function fitTokenModel(points: readonly Point[]): TokenModel {
  const sum = (pick: (point: Point) => number) => points.reduce((total, point) => total + pick(point), 0);
  const power = (exponent: number) => sum(({ tokens }) => tokens ** exponent);
  const moment = (exponent: number) => sum(({ tokens, value }) => value * tokens ** exponent);
  const columns: Matrix = [
    [power(0), power(1), power(2)],
    [power(1), power(2), power(3)],
    [power(2), power(3), power(4)],
  ];
  const right: Row = [moment(0), moment(1), moment(2)];
  const whole = determinant(columns);
  if (whole === 0) throw new Error("A token model needs measurements at three different token counts.");
  const solve = (column: number) =>
    determinant(columns.map((row, index) => row.with(column, right[index] ?? 0)) as unknown as Matrix) / whole;
  return { base: solve(0), perToken: solve(1), perTokenSquared: solve(2) };
}

type Row = [number, number, number];
type Matrix = [Row, Row, Row];

function determinant([[a, b, c], [d, e, f], [g, h, i]]: Matrix): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
