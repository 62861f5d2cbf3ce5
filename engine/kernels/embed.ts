import { scaledSum } from "./inline/vector";

/**
 * x[i] = words[ids[i]] + places[positions[i]]. Rows of both tables are int8 with one f32 scale each.
 * @param width bytes of a table's row and floats of a row of `x`, a multiple of 16
 */
export function embed(
  ids: usize,
  positions: usize,
  rows: i32,
  width: usize,
  words: usize,
  wordScales: usize,
  places: usize,
  placeScales: usize,
  x: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const id = <usize>load<i32>(ids),
      place = <usize>load<i32>(positions);
    const wordScale = v128.load32_splat(wordScales + (id << 2));
    const placeScale = v128.load32_splat(placeScales + (place << 2));
    let p = places + place * width,
      w = words + id * width;
    const end = w + width;
    while (w < end) {
      const a = v128.load(w),
        b = v128.load(p);
      const a0 = i16x8.extend_low_i8x16_s(a),
        a1 = i16x8.extend_high_i8x16_s(a);
      const b0 = i16x8.extend_low_i8x16_s(b),
        b1 = i16x8.extend_high_i8x16_s(b);
      v128.store(x, scaledSum(i32x4.extend_low_i16x8_s(a0), wordScale, i32x4.extend_low_i16x8_s(b0), placeScale));
      v128.store(x, scaledSum(i32x4.extend_high_i16x8_s(a0), wordScale, i32x4.extend_high_i16x8_s(b0), placeScale), 16);
      v128.store(x, scaledSum(i32x4.extend_low_i16x8_s(a1), wordScale, i32x4.extend_low_i16x8_s(b1), placeScale), 32);
      v128.store(x, scaledSum(i32x4.extend_high_i16x8_s(a1), wordScale, i32x4.extend_high_i16x8_s(b1), placeScale), 48);
      w += 16;
      p += 16;
      x += 64;
    }
    ids += 4;
    positions += 4;
  }
}
