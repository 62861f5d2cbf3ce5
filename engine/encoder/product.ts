/** One product of quantized rows and a packed matrix, in kernel calls of bounded size. */
import { FACT_BYTES } from "../plan-memory.ts";
import type { RunContext, Steps } from "./context.ts";
import { UNITS } from "./meter.ts";

/**
 * Multiply-adds of one kernel call. V8 never replaces a wasm function while it runs: short calls let the first texts of an isolate use
 * optimized code as soon as it is there, and let the driver pause.
 */
const UNITS_PER_CALL = 300_000;

/** Rows of one tile. The row groups of a packed matrix follow from its number of rows. */
const TILE_ROWS = 6;

/** Rows of unsigned 7-bit numbers, as `quantize` packs them: groups of 6 rows, then one of 4 or 2. */
export interface PackedRows {
  at: number;
  facts: number;
  /** All rows that were packed together, odd or even. */
  rows: number;
  /** Numbers of a row. */
  depth: number;
}

/** Some columns of a packed matrix of the same depth. */
export interface PackedColumns {
  at: number;
  facts: number;
  columns: number;
}

/** Where the sums go, in bytes: `rowStep` from row to row, `blockStep` from 8 columns to the next 8. */
export interface ProductOutput {
  at: number;
  rowStep: number;
  blockStep: number;
  /** Adds to what is stored there. */
  add: boolean;
}

/** @returns the output of a plain matrix of f32 rows */
export function plainOutput(at: number, floats: number, add: boolean): ProductOutput {
  return { at, rowStep: floats * 4, blockStep: 32, add };
}

/** Floats of one call that quantizes rows: a tenth of a millisecond with GELU before it. */
const QUANTIZED_PER_CALL = 50_000;

/** Quantizes rows of `depth` f32 at `source`. @param activation applied first, in place; 0: none */
export function* quantizeRows(
  { model, meter }: RunContext,
  source: number,
  { depth, rows, activation = 0 }: { depth: number; rows: number; activation?: number },
  { at, facts }: { at: number; facts: number },
): Steps<PackedRows> {
  const unitsPerRow = depth * (UNITS.quantize + (activation === 0 ? 0 : UNITS.activation));
  const perCall = Math.max(1, Math.floor(QUANTIZED_PER_CALL / depth));
  for (let row = 0; row < rows; row += perCall) {
    const some = Math.min(perCall, rows - row);
    const rowBytes = depth * 4;
    const [from, factsFrom] = [source + row * rowBytes, facts + row * FACT_BYTES];
    model.kernels.quantize(from, rowBytes, row, some, rows, depth, at, factsFrom, activation);
    if (meter.spend(some * unitsPerRow)) yield meter.endStep();
  }
  return { at, facts, rows, depth };
}

/** Multiplies all rows by all columns. An odd number of rows writes one row more, which must exist. */
export function* multiply({ model, meter }: RunContext, a: PackedRows, b: PackedColumns, c: ProductOutput): Steps {
  const product = c.add ? model.kernels.gemmAdd : model.kernels.gemmStore;
  const rows = a.rows + (a.rows % 2);
  const unitsPerBlock = rows * 8 * a.depth;
  const blocks = b.columns / 8;
  const blocksPerCall = Math.max(1, Math.floor(UNITS_PER_CALL / unitsPerBlock));
  const rowsPerCall = rowsOfCall(rows, a.depth);
  for (let block = 0; block < blocks; block += blocksPerCall) {
    const someBlocks = Math.min(blocksPerCall, blocks - block);
    const weights = b.at + block * 8 * a.depth;
    const facts = b.facts + block * 96;
    for (let row = 0; row < rows; row += rowsPerCall) {
      const someRows = Math.min(rowsPerCall, rows - row);
      product(
        a.at + row * a.depth,
        a.facts + row * FACT_BYTES,
        weights,
        facts,
        c.at + row * c.rowStep + block * c.blockStep,
        c.rowStep,
        c.blockStep,
        someRows,
        someBlocks,
        a.depth,
      );
      if (meter.spend(someRows * someBlocks * 8 * a.depth)) yield meter.endStep();
    }
  }
}

/** Whole tiles, as equal calls as possible. */
function rowsOfCall(rows: number, depth: number): number {
  const tiles = Math.ceil(rows / TILE_ROWS);
  const calls = Math.ceil((tiles * TILE_ROWS * 8 * depth) / UNITS_PER_CALL);
  return Math.ceil(tiles / calls) * TILE_ROWS;
}
