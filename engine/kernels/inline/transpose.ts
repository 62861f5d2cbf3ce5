/** Four floats of each of four rows 32 bytes apart, transposed, to four rows `toStep` bytes apart. */
export function transposeFour(from: usize, to: usize, toStep: usize): void {
  const a = v128.load(from),
    b = v128.load(from, 32),
    c = v128.load(from, 64),
    d = v128.load(from, 96);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5),
    ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5),
    cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i32>(ab, cd, 0, 1, 4, 5));
  to += toStep;
  v128.store(to, v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
  to += toStep;
  v128.store(to, v128.shuffle<i32>(ab2, cd2, 0, 1, 4, 5));
  to += toStep;
  v128.store(to, v128.shuffle<i32>(ab2, cd2, 2, 3, 6, 7));
}
