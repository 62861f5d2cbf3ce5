import { horizontalSum, madd } from "./inline/vector";

/**
 * Normalizes rows in place: mean first, then the variance around it, then gain and offset.
 * @param width floats that count, a multiple of 8
 * @param step bytes from row to row; what lies behind `width` is left as it is
 * @param gains `width` f32, followed at `gains + step` by `width` offsets
 */
export function layerNorm(x: usize, rows: i32, width: usize, step: usize, gains: usize, epsilon: f32): void {
  const bytes = width << 2;
  const count = <f32>width;
  for (let i: i32 = 0; i < rows; i++) {
    const end = x + bytes;
    let sum = f32x4.splat(0),
      sum2 = sum;
    for (let p = x; p < end; p += 32) {
      sum = f32x4.add(sum, v128.load(p));
      sum2 = f32x4.add(sum2, v128.load(p, 16));
    }
    const mean = f32x4.splat(horizontalSum(f32x4.add(sum, sum2)) / count);
    sum = f32x4.splat(0);
    sum2 = sum;
    for (let p = x; p < end; p += 32) {
      const a = f32x4.sub(v128.load(p), mean),
        b = f32x4.sub(v128.load(p, 16), mean);
      sum = madd(a, a, sum);
      sum2 = madd(b, b, sum2);
    }
    const variance = horizontalSum(f32x4.add(sum, sum2)) / count;
    const inverse = f32x4.splat(<f32>1.0 / sqrt<f32>(variance + epsilon));
    let gain = gains,
      offset = gains + step;
    for (let p = x; p < end; p += 16) {
      const unit = f32x4.mul(f32x4.sub(v128.load(p), mean), inverse);
      v128.store(p, madd(unit, v128.load(gain), v128.load(offset)));
      gain += 16;
      offset += 16;
    }
    x += step;
  }
}
