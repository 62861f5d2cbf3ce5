/** The most tokens that a model can run in the edge's heap. */

/** A package must be able to run texts of this many tokens. */
export const MIN_TOKENS = 16;

export interface TokenLimit {
  /** Null if not even MIN_TOKENS tokens fit. */
  maxTokens: number | null;
  /** Heap for `maxTokens` tokens; for MIN_TOKENS tokens if not even they fit. */
  heapBytes: number;
}

/**
 * `wanted` if it fits, otherwise the largest multiple of MIN_TOKENS that does.
 * @param measure returns the bytes that a number of tokens needs; more tokens never need less
 */
export async function largestFitting(
  wanted: number,
  maxBytes: number,
  measure: (tokens: number) => Promise<number>,
): Promise<TokenLimit> {
  const wantedBytes = await measure(wanted);
  if (wantedBytes <= maxBytes) return { maxTokens: wanted, heapBytes: wantedBytes };
  const fewestBytes = wanted === MIN_TOKENS ? wantedBytes : await measure(MIN_TOKENS);
  if (fewestBytes > maxBytes) return { maxTokens: null, heapBytes: fewestBytes };
  let fitting: TokenLimit = { maxTokens: MIN_TOKENS, heapBytes: fewestBytes };
  let tooLong = Math.ceil(wanted / MIN_TOKENS);
  for (let steps = 1; tooLong - steps > 1; ) {
    const middle = (steps + tooLong) >> 1;
    const heapBytes = await measure(middle * MIN_TOKENS);
    if (heapBytes > maxBytes) tooLong = middle;
    else {
      steps = middle;
      fitting = { maxTokens: middle * MIN_TOKENS, heapBytes };
    }
  }
  return fitting;
}

/** Added to a heap that is too small for several texts, as often as needed. */
const MORE_ROOM_BYTES = 2 ** 20;

/**
 * Texts of several lengths one after another may need more than the longest: what they leave free is in pieces.
 * @param limit for one length
 * @param parts `measure` as in `largestFitting`; `runs` tries the texts in a heap
 * @returns as many tokens as can run in a heap of at most `maxBytes`
 */
export async function withRoomForSeveral(
  { maxTokens, heapBytes }: TokenLimit,
  maxBytes: number,
  parts: {
    measure: (tokens: number) => Promise<number>;
    runs: (heapBytes: number, maxTokens: number) => Promise<boolean>;
  },
): Promise<TokenLimit> {
  if (maxTokens === null) return { maxTokens, heapBytes };
  let bytes = heapBytes;
  for (; bytes <= maxBytes; bytes += MORE_ROOM_BYTES) {
    if (await parts.runs(bytes, maxTokens)) return { maxTokens, heapBytes: bytes };
  }
  const fewer = (Math.ceil(maxTokens / MIN_TOKENS) - 1) * MIN_TOKENS;
  if (fewer < MIN_TOKENS) return { maxTokens: null, heapBytes: bytes };
  return await withRoomForSeveral({ maxTokens: fewer, heapBytes: await parts.measure(fewer) }, maxBytes, parts);
}
