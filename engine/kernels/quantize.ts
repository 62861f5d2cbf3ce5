import { activate } from "./inline/activate";
import { roundingBias, topBytes } from "./inline/constants";
import { horizontalMax, horizontalMin } from "./inline/vector";

/** Ranges below it are quantized as 0: 127 / range would overflow. */
const SMALLEST_RANGE: f32 = 1e-30;

/**
 * Rows of f32 to unsigned 7 bits, packed for the products. Each row has its own scale and zero point, so it does not depend on the
 * other rows. The range includes 0; the zero point is rounded to a whole number.
 * @param activation applied to the row first, in place: see `activate`
 * @param firstRow the index of the first of `rows` rows within the packed matrix of `allRows` rows
 * @param depth floats of a row, a multiple of 16
 * @param facts of each row 8 bytes: scale f32, −zero point i32
 */
export function quantize(
  source: usize,
  sourceStep: usize,
  firstRow: i32,
  rows: i32,
  allRows: i32,
  depth: usize,
  packed: usize,
  facts: usize,
  activation: i32,
): void {
  const bytes = depth << 2;
  // Groups of 6 rows, then one of 4 or 2.
  const evenRows = (allRows + 1) & ~1,
    sixes = evenRows - (evenRows % 6);
  const lastRow = firstRow + rows;
  for (let i = firstRow; i < lastRow; i++) {
    const end = source + bytes;
    if (activation !== 0) activate(source, end, activation);
    let low = f32x4.splat(0),
      high = low,
      low2 = low,
      high2 = low;
    for (let p = source; p < end; p += 32) {
      const a = v128.load(p),
        b = v128.load(p, 16);
      low = f32x4.pmin(low, a);
      high = f32x4.pmax(high, a);
      low2 = f32x4.pmin(low2, b);
      high2 = f32x4.pmax(high2, b);
    }
    const lowest = horizontalMin(f32x4.min(low, low2));
    const range = horizontalMax(f32x4.max(high, high2)) - lowest;
    const usable = range > SMALLEST_RANGE;
    const inverse: f32 = usable ? <f32>127.0 / range : <f32>0;
    const zeroPoint = nearest<f32>(-lowest * inverse);
    store<f32>(facts, usable ? range / <f32>127.0 : <f32>0);
    store<i32>(facts, -(<i32>zeroPoint), 4);
    facts += 8;

    const group = i < sixes ? i - (i % 6) : sixes,
      size = i < sixes ? 6 : evenRows - sixes;
    let o = packed + <usize>group * depth + ((<usize>(i - group)) << 4);
    const step = (<usize>size) << 4;
    const factor = f32x4.splat(inverse),
      bias = roundingBias();
    const shift = f32x4.add(f32x4.splat(zeroPoint), bias);
    for (let p = source; p < end; p += 64) {
      const a = i32x4.sub(f32x4.add(f32x4.mul(v128.load(p), factor), shift), bias);
      const b = i32x4.sub(f32x4.add(f32x4.mul(v128.load(p, 16), factor), shift), bias);
      const c = i32x4.sub(f32x4.add(f32x4.mul(v128.load(p, 32), factor), shift), bias);
      const d = i32x4.sub(f32x4.add(f32x4.mul(v128.load(p, 48), factor), shift), bias);
      const bytes16 = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
      v128.store(o, i8x16.min_u(bytes16, topBytes()));
      o += step;
    }
    source = end - bytes + sourceStep;
  }
}
