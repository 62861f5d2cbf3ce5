// What the loader checks while weights stream in.

/** One step of the checksum: exclusive or, rotation by 13 bits, product with an odd number. Each is reversible. */
function mixed(state: v128, words: v128): v128 {
  const x = v128.xor(state, words);
  return i32x4.mul(v128.or(i32x4.shl(x, 13), i32x4.shr_u(x, 19)), i32x4.splat(0x9e3779b1));
}

/** Continues the checksum at `state` (16 words) over whole blocks of 64 bytes. */
export function checksum(state: usize, from: usize, blocks: i32): void {
  let a = v128.load(state),
    b = v128.load(state, 16),
    c = v128.load(state, 32),
    d = v128.load(state, 48);
  for (; blocks > 0; blocks--) {
    a = mixed(a, v128.load(from));
    b = mixed(b, v128.load(from, 16));
    c = mixed(c, v128.load(from, 32));
    d = mixed(d, v128.load(from, 48));
    from += 64;
  }
  v128.store(state, a);
  v128.store(state, b, 16);
  v128.store(state, c, 32);
  v128.store(state, d, 48);
}

/**
 * The largest sum of weights of one sign that any 16-bit lane of the products adds up, over `blocks` blocks of 16 k × 8 columns.
 * A lane adds two neighbours of k in each of four quads.
 */
export function largestLaneSum(from: usize, blocks: i32): i32 {
  const zero = i16x8.splat(0);
  let highest = zero,
    lowest = zero;
  for (; blocks > 0; blocks--) {
    for (let vector = 0; vector < 2; vector++) {
      let positive = zero,
        negative = zero;
      for (let quad = 0; quad < 4; quad++) {
        const w = v128.load(from);
        positive = i16x8.add(positive, i16x8.extadd_pairwise_i8x16_s(i8x16.max_s(w, zero)));
        negative = i16x8.add(negative, i16x8.extadd_pairwise_i8x16_s(i8x16.min_s(w, zero)));
        from += 16;
      }
      highest = i16x8.max_s(highest, positive);
      lowest = i16x8.min_s(lowest, negative);
    }
  }
  const both = i16x8.max_s(highest, i16x8.neg(lowest));
  let largest: i32 = 0;
  for (let half = 0; half < 2; half++) {
    const wide = half === 0 ? i32x4.extend_low_i16x8_s(both) : i32x4.extend_high_i16x8_s(both);
    const pairs = i32x4.max_s(wide, v128.shuffle<i32>(wide, wide, 2, 3, 0, 1));
    const one = i32x4.max_s(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2));
    largest = max(largest, i32x4.extract_lane(one, 0));
  }
  return largest;
}

/**
 * How this machine sums products of 8-bit numbers: four products of `a` (bytes of 255) and `w` (bytes of 127).
 * 129540: unsigned times signed without saturation (AVX-VNNI). −508: signed times signed (ARM). Else: two steps with saturation.
 */
export function probeDot(a: usize, w: usize): i32 {
  return i32x4.extract_lane(i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(w), v128.load(a), i32x4.splat(0)), 0);
}
