/** x[i] += table[kinds[i]]: the second segment's share of the embedding. @param width floats of a row, a multiple of 16 */
export function addRows(x: usize, kinds: usize, rows: i32, width: usize, table: usize): void {
  const bytes = width << 2;
  for (let i: i32 = 0; i < rows; i++) {
    let t = table + <usize>load<i32>(kinds) * bytes;
    const end = x + bytes;
    for (; x < end; x += 16) {
      v128.store(x, f32x4.add(v128.load(x), v128.load(t)));
      t += 16;
    }
    kinds += 4;
  }
}
