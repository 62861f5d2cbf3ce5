/** Pure but for the measurement it is given. The most tokens a package may run in the edge's heap. */

/** Fewer are no text: a package that cannot hold these is refused. */
export const TOKENS_MIN = 16;

export interface TokenLimit {
  /** Null when not even TOKENS_MIN tokens fit. */
  maxTokens: number | null;
  /** What that many tokens need; what TOKENS_MIN need when even they do not fit. */
  heapBytes: number;
}

/** `wanted` when it fits, else the largest multiple of TOKENS_MIN that does. `measure` must not shrink with the tokens. */
export async function largestFitting(
  wanted: number,
  capBytes: number,
  measure: (tokens: number) => Promise<number>,
): Promise<TokenLimit> {
  const wantedBytes = await measure(wanted);
  if (wantedBytes <= capBytes) return { maxTokens: wanted, heapBytes: wantedBytes };
  let fitting: TokenLimit = {
    maxTokens: null,
    heapBytes: wanted === TOKENS_MIN ? wantedBytes : await measure(TOKENS_MIN),
  };
  if (fitting.heapBytes > capBytes) return fitting;
  fitting.maxTokens = TOKENS_MIN;
  let tooLong = Math.ceil(wanted / TOKENS_MIN);
  for (let steps = 1; tooLong - steps > 1; ) {
    const middle = (steps + tooLong) >> 1;
    const heapBytes = await measure(middle * TOKENS_MIN);
    if (heapBytes > capBytes) tooLong = middle;
    else {
      steps = middle;
      fitting = { maxTokens: middle * TOKENS_MIN, heapBytes };
    }
  }
  return fitting;
}
