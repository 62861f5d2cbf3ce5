/** The first half of a layer: every head of every text. */
import { headBlockStep } from "../plan-memory.ts";
import type { RunContext, Steps, TextRows } from "./context.ts";
import { UNITS } from "./meter.ts";
import { multiply, type PackedRows } from "./product.ts";

/** f32 multiply-adds of one call: see product.ts. */
const MULTIPLY_ADDS_PER_CALL = 200_000;

/** Bytes of one column's scale, sum and bias. */
const COLUMN_BYTES = 12;

/**
 * Fills the context rows: of all rows, or, in the last layer, of each text's first row.
 * @param rows all rows quantized, and of them the `queries` whose context is wanted; equal to `all` where all are
 * @param texts the rows of each text
 */
export function* attend(
  run: RunContext,
  layer: number,
  { all, queries }: { all: PackedRows; queries: PackedRows },
  texts: readonly TextRows[],
): Steps {
  const { architecture, sizes, plan, addressOf } = run.model;
  const weights = addressOf("query key value", layer);
  const facts = addressOf("query key value columns", layer);
  const columns = sizes.headSize;
  const blockStep = headBlockStep(all.rows);
  const part = (columns / 8) * blockStep;
  for (let head = 0; head < architecture.heads; head++) {
    const first = head * 3 * columns;
    const some = (from: number, count: number) => ({
      at: weights + from * all.depth,
      facts: facts + from * COLUMN_BYTES,
      columns: count,
    });
    const output = (at: number) => ({ at, rowStep: 32, blockStep, add: false });
    if (queries === all) {
      yield* multiply(run, all, some(first, 3 * columns), output(plan.head));
    } else {
      yield* multiply(run, queries, some(first, columns), output(plan.head));
      yield* multiply(run, all, some(first + columns, 2 * columns), output(plan.head + part));
    }
    for (const [index, text] of texts.entries()) {
      const query = queries === all ? text : { first: index, count: 1 };
      yield* attendHead(run, head, text, query, blockStep);
    }
  }
}

function* attendHead(run: RunContext, head: number, keys: TextRows, queries: TextRows, blockStep: number): Steps {
  const { sizes, kernels, plan } = run.model;
  const headBlocks = sizes.headSize / 8;
  const part = headBlocks * blockStep;
  const contextStep = sizes.context * 4;
  const rowBytes = 32;
  kernels.transposeKeys(plan.head + part + keys.first * rowBytes, blockStep, keys.count, headBlocks, plan.keys);
  const perQuery = keys.count * (2 * sizes.headSize);
  const perCall = Math.max(8, Math.floor(MULTIPLY_ADDS_PER_CALL / perQuery / 8) * 8);
  for (let done = 0; done < queries.count; done += perCall) {
    const row = queries.first + done;
    const count = Math.min(perCall, queries.count - done);
    kernels.attention(
      plan.head + row * rowBytes,
      plan.keys,
      plan.head + 2 * part + keys.first * rowBytes,
      blockStep,
      keys.count,
      count,
      plan.context + row * contextStep + head * sizes.headSize * 4,
      contextStep,
      headBlocks,
      plan.scratch,
    );
    const computed = Math.ceil(count / 8) * 8;
    if (run.meter.spend(computed * (perQuery * UNITS.attention + keys.count * UNITS.softmax)))
      yield run.meter.endStep();
  }
}
