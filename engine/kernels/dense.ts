import { activate } from "./inline/activate";
import { horizontalSum, madd } from "./inline/vector";

/**
 * y[n] = w[n] · x + bias[n] in f32, for the classification head.
 * @param depth floats of `x` and of each row of `w`, a multiple of 8
 */
export function dense(x: usize, w: usize, bias: usize, y: usize, outputs: i32, depth: usize): void {
  const end = x + (depth << 2);
  for (let n: i32 = 0; n < outputs; n++) {
    let sum = f32x4.splat(0),
      sum2 = sum;
    for (let p = x; p < end; p += 32) {
      sum = madd(v128.load(p), v128.load(w), sum);
      sum2 = madd(v128.load(p, 16), v128.load(w, 16), sum2);
      w += 32;
    }
    store<f32>(y, horizontalSum(f32x4.add(sum, sum2)) + load<f32>(bias));
    y += 4;
    bias += 4;
  }
}

/** The activation of `count` f32, a multiple of 4, in place: see `activate`. */
export function activateRow(x: usize, count: i32, activation: i32): void {
  activate(x, x + ((<usize>count) << 2), activation);
}
