import { scoreKeys, weighValues } from "./inline/attention-tiles";
import { one } from "./inline/constants";
import { expOf } from "./inline/math";
import { transposeFour } from "./inline/transpose";

/**
 * One head of one text: context = softmax(q kᵀ) v, in blocks of 8 queries. Q (with 1/√d in it) and V lie as blocks of 8 dimensions
 * `[dimension block][row][8]`, so that a row's offset is a constant for every head size.
 * @param k as `transposeKeys` leaves it
 * @param blockStep bytes from one block of 8 dimensions to the next, of q and v
 * @param keys rows of k and v that count
 * @param queries rows of q that count; up to 7 more are read and ignored
 * @param context the first query's row, `contextStep` bytes from row to row
 * @param headBlocks head size / 8
 * @param scratch headBlocks · 256 bytes for Q transposed, then 32 bytes per key for the scores, keys rounded up to 4
 */
export function attention(
  q: usize,
  k: usize,
  v: usize,
  blockStep: usize,
  keys: i32,
  queries: i32,
  context: usize,
  contextStep: usize,
  headBlocks: i32,
  scratch: usize,
): void {
  const scores = scratch + ((<usize>headBlocks) << 8);
  const scoresEnd = scores + ((<usize>keys) << 5);
  for (; queries > 0; queries -= 8) {
    for (let o = scratch, from = q; o < scores; o += 256) {
      transposeFour(from, o, 32);
      transposeFour(from + 16, o + 128, 32);
      transposeFour(from + 128, o + 16, 32);
      transposeFour(from + 144, o + 144, 32);
      from += blockStep;
    }

    let kRow = k;
    for (let o = scores; o < scoresEnd; o += 128) {
      scoreKeys(kRow, scratch, scores, o);
      kRow += (<usize>headBlocks) << 7;
    }

    let high = v128.load(scores),
      high2 = v128.load(scores, 16);
    for (let p = scores; p < scoresEnd; p += 32) {
      high = f32x4.pmax(high, v128.load(p));
      high2 = f32x4.pmax(high2, v128.load(p, 16));
    }
    let sum = f32x4.splat(0),
      sum2 = sum;
    for (let p = scores; p < scoresEnd; p += 32) {
      const weight = expOf(f32x4.sub(v128.load(p), high)),
        weight2 = expOf(f32x4.sub(v128.load(p, 16), high2));
      sum = f32x4.add(sum, weight);
      sum2 = f32x4.add(sum2, weight2);
      v128.store(p, weight);
      v128.store(p, weight2, 16);
    }

    for (let half = 0; half < 2; half++) {
      const first = half << 2;
      if (queries <= first) break;
      const inverse = f32x4.div(one(), half === 0 ? sum : sum2);
      let vRow = v,
        o = context + <usize>first * contextStep;
      const weights = scores + ((<usize>first) << 2),
        end = scoresEnd + ((<usize>first) << 2);
      for (let block = 0; block < headBlocks; block++) {
        weighValues(weights, end, vRow, inverse, o, contextStep, queries - first);
        vRow += blockStep;
        o += 32;
      }
    }
    q += 256;
    context += contextStep << 3;
  }
}

/** K of one head and text, `[dimension block][key][8]`, as `[key / 4][dimension][4 keys]`. Up to 3 keys behind the last are read. */
export function transposeKeys(k: usize, blockStep: usize, keys: i32, headBlocks: i32, o: usize): void {
  for (; keys > 0; keys -= 4) {
    let from = k;
    for (let block = 0; block < headBlocks; block++) {
      transposeFour(from, o, 16);
      transposeFour(from + 16, o + 64, 16);
      from += blockStep;
      o += 128;
    }
    k += 128;
  }
}
