/** Where everything lies in linear memory: the weights first, then one run's buffers. Pure. */
import { type Architecture, hasProjection, longestText, padSizes, roundUp } from "./format/architecture.ts";
import type { Header } from "./format/header.ts";
import { FIRST_FREE_BYTE } from "./kernels.ts";
import { WeightsError } from "./weights-error.ts";

/** Rows that pass the feed-forward block together: a multiple of 6. Fewer read the weights more often, more leave the cache. */
export const FEED_FORWARD_ROWS = 66;

/** Texts of one run, at most. */
export const MAX_TEXTS = 64;

const ALIGNMENT = 64;
export const PAGE_BYTES = 65_536;

/** Bytes of one row's facts: scale and zero point. */
export const FACT_BYTES = 8;

/** Addresses in bytes. */
export interface MemoryPlan {
  /** Tokens of all texts of one run together, at most. */
  maxTokens: number;
  /** The state of the loader's checksum. */
  checksum: number;
  /** The file's sections; the header is not kept. */
  weights: number;
  /** i32 per row. */
  ids: number;
  positions: number;
  kinds: number;
  /** f32 rows of `width`: the tokens between layers. */
  x: number;
  /** f32 rows of all heads; before the layers, of unprojected embeddings. */
  context: number;
  /** All rows quantized, and their facts. */
  packed: number;
  facts: number;
  /** One head's Q, K and V: blocks of 8 dimensions. */
  head: number;
  /** One text's K of one head, transposed. */
  keys: number;
  scratch: number;
  /** A few rows' feed-forward block: f32, quantized, facts. */
  hidden: number;
  packedHidden: number;
  hiddenFacts: number;
  /** A few rows quantized for the products after attention. */
  packedBlock: number;
  blockFacts: number;
  /** The texts' first rows quantized, for the last layer's queries. */
  packedFirst: number;
  firstFacts: number;
  /** One text's head and logits, f32. */
  pooled: number;
  logits: number;
  totalBytes: number;
}

/**
 * @param maxTokens tokens of all texts of one run together
 * @throws WeightsError if the model has fewer positions
 */
export function planMemory({ architecture, fileBytes, headerBytes }: Header, maxTokens: number): MemoryPlan {
  const longest = longestText(architecture);
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    throw new RangeError(`maxTokens is ${maxTokens}; it must be a whole number from 1.`);
  }
  if (longest < 1) throw new WeightsError("The engine cannot run this model: it has no positions for tokens.");
  let end = FIRST_FREE_BYTE;
  const reserve = (bytes: number) => {
    const at = roundUp(end, ALIGNMENT);
    end = at + bytes;
    return at;
  };
  const sizes = padSizes(architecture);
  const rows = roundUp(maxTokens, 6);
  const blockRows = Math.min(FEED_FORWARD_ROWS, rows);
  const firstRows = Math.min(roundUp(MAX_TEXTS, 6), rows);
  const wide = Math.max(sizes.width, sizes.context);
  const plan = {
    maxTokens,
    checksum: reserve(64),
    weights: reserve(fileBytes - headerBytes),
    ids: reserve(rows * 4),
    positions: reserve(rows * 4),
    kinds: reserve(rows * 4),
    x: reserve(rows * sizes.width * 4),
    context: reserve(rows * contextFloats(architecture) * 4),
    packed: reserve(rows * Math.max(sizes.width, sizes.embedding)),
    facts: reserve(rows * FACT_BYTES),
    head: reserve(((3 * sizes.headSize) / 8) * headBlockStep(maxTokens)),
    keys: reserve(roundUp(maxTokens, 4) * sizes.headSize * 4),
    scratch: reserve(sizes.headSize * 32 + roundUp(maxTokens, 4) * 32),
    hidden: reserve(blockRows * sizes.feedForward * 4),
    packedHidden: reserve(blockRows * sizes.feedForward),
    hiddenFacts: reserve(blockRows * FACT_BYTES),
    packedBlock: reserve(blockRows * wide),
    blockFacts: reserve(blockRows * FACT_BYTES),
    packedFirst: reserve(firstRows * sizes.width),
    firstFacts: reserve(firstRows * FACT_BYTES),
    pooled: reserve(sizes.width * 4),
    logits: reserve(architecture.labels * 4),
  };
  return { ...plan, totalBytes: roundUp(end, PAGE_BYTES) };
}

function contextFloats(architecture: Architecture): number {
  const { context, embedding } = padSizes(architecture);
  return hasProjection(architecture) ? Math.max(context, embedding) : context;
}

/**
 * Bytes from one block of 8 dimensions of Q, K or V to the next, for `rows` rows and the 8 behind them that attention may read.
 * An odd multiple of 256 modulo 2048 keeps equal rows of different blocks out of the same sets of the cache.
 */
export function headBlockStep(rows: number): number {
  return roundUp(rows + 8, 64) * 32 + 256;
}
