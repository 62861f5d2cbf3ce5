/** Best approximation by a polynomial or a ratio of two, by Remez's exchange. Pure; double precision. */

/** A function to approximate as `factor(x) · numerator(u) / denominator(u)`, where u = argument(x). */
export interface Target {
  /** What is approximated. */
  value(x: number): number;
  /** The polynomials' argument: x, or x² for an odd or even function. */
  argument(x: number): number;
  /** 1, or x for an odd function. */
  factor(x: number): number;
  /** The error is divided by this: 1 for absolute, the value for relative error. */
  unit(x: number): number;
  from: number;
  to: number;
}

export interface Degrees {
  numerator: number;
  denominator: number;
}

/** Coefficients from the lowest degree upwards; the denominator's first one is 1. */
export interface Ratio {
  numerator: readonly number[];
  denominator: readonly number[];
}

const GRID_POINTS = 20_000;
const EXCHANGES = 60;
const LEVEL_STEPS = 30;

/**
 * Fits the ratio whose largest error over the range is smallest.
 * @throws Error if the error does not alternate as often as the theorem of Chebyshev asks
 */
export function fitMinimax(target: Target, degrees: Degrees): Ratio {
  const unknowns = degrees.numerator + 1 + degrees.denominator;
  let nodes = Array.from({ length: unknowns + 1 }, (_, index) =>
    inRange(target, (1 - Math.cos((Math.PI * (index + 0.5)) / (unknowns + 1))) / 2),
  );
  let best: { ratio: Ratio; error: number } | null = null;
  for (let exchange = 0; exchange < EXCHANGES; exchange++) {
    const ratio = solveAtNodes(target, degrees, nodes);
    const peaks = alternatingPeaks(target, ratio, unknowns + 1);
    const error = Math.max(...peaks.map((x) => Math.abs(errorAt(target, ratio, x))));
    if (best === null || error < best.error) best = { ratio, error };
    if (peaks.length < unknowns + 1) break;
    nodes = peaks;
  }
  if (best === null) throw new Error("No approximation was found: choose other degrees.");
  return best.ratio;
}

/** @returns the signed error of the ratio at x, in the target's unit */
export function errorAt(target: Target, ratio: Ratio, x: number): number {
  const u = target.argument(x);
  const computed = (target.factor(x) * evaluate(ratio.numerator, u)) / evaluate(ratio.denominator, u);
  return (computed - target.value(x)) / target.unit(x);
}

/** @returns the polynomial's value by Horner's rule, coefficients from the lowest degree */
export function evaluate(coefficients: readonly number[], u: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * u + coefficient, 0);
}

/** The ratio whose error at the nodes is ±level with alternating signs; the level is found by repetition. */
function solveAtNodes(target: Target, degrees: Degrees, nodes: readonly number[]): Ratio {
  const scale = Math.max(...nodes.map((x) => Math.abs(target.argument(x))));
  let level = 0;
  let solution: number[] = [];
  for (let step = 0; step < LEVEL_STEPS; step++) {
    const rows = nodes.map((x, index) => {
      const u = target.argument(x) / scale;
      const sign = index % 2 === 0 ? 1 : -1;
      const wanted = target.value(x) + sign * level * target.unit(x);
      const numerator = Array.from({ length: degrees.numerator + 1 }, (_, k) => target.factor(x) * u ** k);
      const denominator = Array.from({ length: degrees.denominator }, (_, k) => -wanted * u ** (k + 1));
      return [...numerator, ...denominator, -sign * target.unit(x), target.value(x)];
    });
    solution = solveLinear(rows);
    const next = solution.at(-1) ?? 0;
    if (Math.abs(next - level) <= 1e-14 * Math.abs(next)) break;
    level = next;
  }
  const unscale = (values: readonly number[], firstPower: number) =>
    values.map((value, k) => value / scale ** (k + firstPower));
  return {
    numerator: unscale(solution.slice(0, degrees.numerator + 1), 0),
    denominator: [1, ...unscale(solution.slice(degrees.numerator + 1, -1), 1)],
  };
}

/** The largest error of each stretch of equal sign; of too many, those `count` neighbours that hold the largest. */
function alternatingPeaks(target: Target, ratio: Ratio, count: number): number[] {
  const peaks: { x: number; error: number }[] = [];
  for (let index = 0; index <= GRID_POINTS; index++) {
    const x = inRange(target, index / GRID_POINTS);
    const error = errorAt(target, ratio, x);
    const last = peaks.at(-1);
    if (last === undefined || Math.sign(error) !== Math.sign(last.error)) peaks.push({ x, error });
    else if (Math.abs(error) > Math.abs(last.error)) peaks[peaks.length - 1] = { x, error };
  }
  while (peaks.length > count) {
    const first = Math.abs(peaks[0]?.error ?? 0);
    const last = Math.abs(peaks.at(-1)?.error ?? 0);
    if (first < last) peaks.shift();
    else peaks.pop();
  }
  return peaks.map(({ x }) => x);
}

function inRange({ from, to }: Target, share: number): number {
  return from + (to - from) * share;
}

/** Gaussian elimination with row exchange; each row ends with its right side. */
function solveLinear(rows: number[][]): number[] {
  const size = rows.length;
  const cell = (row: number, column: number) => rows[row]?.[column] ?? Number.NaN;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(cell(row, column)) > Math.abs(cell(pivot, column))) pivot = row;
    }
    const [above, chosen] = [rows[column], rows[pivot]];
    if (above === undefined || chosen === undefined || chosen[column] === 0) throw new Error("The system is singular.");
    rows[column] = chosen;
    rows[pivot] = above;
    for (let row = column + 1; row < size; row++) {
      const factor = cell(row, column) / cell(column, column);
      rows[row] = (rows[row] ?? []).map((value, index) => value - factor * cell(column, index));
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    const known = solution.reduce((sum, value, column) => (column > row ? sum + value * cell(row, column) : sum), 0);
    solution[row] = (cell(row, size) - known) / cell(row, row);
  }
  return solution;
}
