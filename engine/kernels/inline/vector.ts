// Helpers on one vector of four f32. The build marks every function of this folder as inline.

/** The largest of the four lanes. */
export function horizontalMax(v: v128): f32 {
  const pairs = f32x4.max(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** The smallest of the four lanes. */
export function horizontalMin(v: v128): f32 {
  const pairs = f32x4.min(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.min(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** The sum of the four lanes, added in pairs: the same order in every runtime. */
export function horizontalSum(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** a · b + c; a runtime with fused multiply-add rounds once, another one twice. */
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

/** a · x + b · y of two vectors of i32 */
export function scaledSum(a: v128, x: v128, b: v128, y: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(a), x), f32x4.mul(f32x4.convert_i32x4_s(b), y));
}
