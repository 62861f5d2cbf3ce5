/** Eight queries' rows `[dimension block][query][8]` as `[dimension][8 queries]`, from `o` to `end`. */
export function transposeQueries(q: usize, blockStep: usize, o: usize, end: usize): void {
  for (; o < end; o += 256) {
    for (let half = 0; half < 2; half++) {
      // Queries 0 to 3 give the first four of the eight columns, 4 to 7 the others; 16 bytes of q are four dimensions.
      const from = q + ((<usize>half) << 7),
        to = o + ((<usize>half) << 4);
      transposeFour(from, to);
      transposeFour(from + 16, to + 128);
    }
    q += blockStep;
  }
}

/** Four rows 32 bytes apart, 4 floats each, to four rows 32 bytes apart. */
function transposeFour(from: usize, to: usize): void {
  const a = v128.load(from),
    b = v128.load(from, 32),
    c = v128.load(from, 64),
    d = v128.load(from, 96);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5),
    ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5),
    cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i32>(ab, cd, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<i32>(ab, cd, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<i32>(ab2, cd2, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<i32>(ab2, cd2, 2, 3, 6, 7), 96);
}
