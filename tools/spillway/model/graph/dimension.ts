/** Pure. Tensor dimensions as functions of the input: factor · batch^i · length^j, inferred from a few observed runs. */
export interface Dimension {
  readonly factor: number;
  readonly batch: number;
  readonly length: number;
}

/** One observed run: the dimension was `value` for a batch of `batch` texts of `length` tokens. */
export interface Observation {
  readonly batch: number;
  readonly length: number;
  readonly value: number;
}

/** A dimension that no such formula describes is null. */
export type TensorShape = readonly (Dimension | null)[];

/** By tensor name. */
export type Shapes = ReadonlyMap<string, TensorShape>;

const EXPONENTS = [0, 1, 2] as const;

/** @returns the formula that explains every run; null when there is none */
export function dimensionOf(runs: readonly Observation[]): Dimension | null {
  for (const batch of EXPONENTS) {
    for (const length of EXPONENTS) {
      const factors = runs.map((run) => run.value / (run.batch ** batch * run.length ** length));
      const [factor] = factors;
      if (factor !== undefined && Number.isInteger(factor) && factors.every((one) => one === factor)) {
        return { factor, batch, length };
      }
    }
  }
  return null;
}

/** @returns a dimension that depends on no input */
export function fixed(factor: number): Dimension {
  return { factor, batch: 0, length: 0 };
}

/** Whether a dimension depends on no input. */
export function isFixed(dimension: Dimension | null | undefined): dimension is Dimension {
  return dimension?.batch === 0 && dimension.length === 0;
}

/** Whether a dimension is always 1. */
export function isOne(dimension: Dimension | null | undefined): boolean {
  return isFixed(dimension) && dimension.factor === 1;
}

/** Whether a dimension is the number of tokens. */
export function isTokens(dimension: Dimension | null | undefined): boolean {
  return dimension?.factor === 1 && dimension.batch === 0 && dimension.length === 1;
}

/** Whether a dimension is the number of texts. */
export function isBatch(dimension: Dimension | null | undefined): boolean {
  return dimension?.factor === 1 && dimension.batch === 1 && dimension.length === 0;
}

/** Whether two dimensions have the same formula. A null dimension equals none. */
export function isSame(a: Dimension | null | undefined, b: Dimension | null | undefined): boolean {
  return a?.factor === b?.factor && a?.batch === b?.batch && a?.length === b?.length && a?.factor !== undefined;
}

/** @returns null when one of the dimensions is null */
export function productOf(dimensions: TensorShape): Dimension | null {
  let product = fixed(1);
  for (const dimension of dimensions) {
    if (dimension === null) return null;
    const { factor, batch, length } = dimension;
    product = { factor: product.factor * factor, batch: product.batch + batch, length: product.length + length };
  }
  return product;
}

/** @returns the dimension's value for a number of texts and tokens */
export function countAt({ factor, batch, length }: Dimension, texts: number, tokens: number): number {
  return factor * texts ** batch * tokens ** length;
}
