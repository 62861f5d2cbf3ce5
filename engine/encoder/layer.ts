/** One layer: attention, then the feed-forward block, a few rows at a time. */

import type { MatrixKind, SectionKind } from "../format/sections.ts";
import { activationCode } from "../kernels.ts";
import { FEED_FORWARD_ROWS } from "../plan-memory.ts";
import type { RunContext, Steps, TextRows } from "./context.ts";
import { UNITS } from "./meter.ts";
import { multiply, type PackedColumns, plainOutput, quantizeRows } from "./product.ts";
import { attend } from "./self-attention.ts";

/**
 * Runs a layer over all rows. Of the last layer only each text's first row is computed, once keys and values of all rows are there;
 * text t's result is then row t.
 */
export function* runLayer(run: RunContext, layer: number, texts: readonly TextRows[], rows: number): Steps {
  const { architecture, sizes, plan } = run.model;
  const all = yield* quantizeRows(run, plan.x, { depth: sizes.width, rows }, { at: plan.packed, facts: plan.facts });
  if (layer < architecture.layers - 1) {
    yield* attend(run, layer, { all, queries: all }, texts);
    yield* feedForward(run, layer, rows);
    return;
  }
  moveFirstRows(run, texts);
  const block = { at: plan.packedFirst, facts: plan.firstFacts };
  const queries = yield* quantizeRows(run, plan.x, { depth: sizes.width, rows: texts.length }, block);
  yield* attend(run, layer, { all, queries }, texts);
  yield* feedForward(run, layer, texts.length);
}

/** Text t's first row is never above row t, so the rows can move in order. */
function moveFirstRows({ model: { memory, plan, sizes } }: RunContext, texts: readonly TextRows[]): void {
  const x = new Float32Array(memory.buffer, plan.x);
  for (const [index, { first }] of texts.entries()) {
    x.copyWithin(index * sizes.width, first * sizes.width, (first + 1) * sizes.width);
  }
}

function* feedForward(run: RunContext, layer: number, rows: number): Steps {
  const { architecture, sizes, plan, addressOf } = run.model;
  const { width, context, feedForward: wide } = sizes;
  const block = { at: plan.packedBlock, facts: plan.blockFacts };
  const matrix = (kind: MatrixKind): PackedColumns => ({
    at: addressOf(kind, layer),
    facts: addressOf(`${kind} columns`, layer),
    columns: run.model.matrices[kind].columns,
  });
  for (let first = 0; first < rows; first += FEED_FORWARD_ROWS) {
    const count = Math.min(FEED_FORWARD_ROWS, rows - first);
    const x = plan.x + first * width * 4;
    const attended = yield* quantizeRows(
      run,
      plan.context + first * context * 4,
      { depth: context, rows: count },
      block,
    );
    yield* multiply(run, attended, matrix("attention output"), plainOutput(x, width, true));
    yield* normalize(run, layer, "attention norm", x, count);
    const normalized = yield* quantizeRows(run, x, { depth: width, rows: count }, block);
    yield* multiply(run, normalized, matrix("expand"), plainOutput(plan.hidden, wide, false));
    const hidden = yield* quantizeRows(
      run,
      plan.hidden,
      { depth: wide, rows: count, activation: activationCode(architecture.activation) },
      { at: plan.packedHidden, facts: plan.hiddenFacts },
    );
    yield* multiply(run, hidden, matrix("contract"), plainOutput(x, width, true));
    yield* normalize(run, layer, "output norm", x, count);
  }
}

function* normalize(run: RunContext, layer: number, kind: SectionKind, x: number, rows: number): Steps {
  const { architecture, sizes, kernels, addressOf } = run.model;
  kernels.layerNorm(x, rows, architecture.width, sizes.width * 4, addressOf(kind, layer), architecture.epsilon);
  if (run.meter.spend(rows * sizes.width * UNITS.layerNorm)) yield run.meter.endStep();
}
