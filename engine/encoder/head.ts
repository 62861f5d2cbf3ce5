/** One text's logits from its first token. */
import { activationCode } from "../kernels.ts";
import type { RunContext, Steps } from "./context.ts";
import { UNITS } from "./meter.ts";

/** Outputs of one kernel call are bounded by this many f32 multiply-adds. */
const MULTIPLY_ADDS_PER_CALL = 200_000;

/** @param row of x that holds the text's first token */
export function* computeLogits(run: RunContext, row: number): Steps<Float32Array> {
  const { architecture, sizes, kernels, memory, plan, addressOf } = run.model;
  const x = plan.x + row * sizes.width * 4;
  const pooled = architecture.headActivation !== "none";
  if (pooled) {
    yield* dense(run, x, addressOf("head weights"), addressOf("head bias"), plan.pooled, sizes.width);
    kernels.activateRow(plan.pooled, sizes.width, activationCode(architecture.headActivation));
  }
  const input = pooled ? plan.pooled : x;
  yield* dense(run, input, addressOf("label weights"), addressOf("label bias"), plan.logits, architecture.labels);
  return new Float32Array(memory.buffer, plan.logits, architecture.labels).slice();
}

function* dense(run: RunContext, x: number, w: number, bias: number, y: number, outputs: number): Steps {
  const depth = run.model.sizes.width;
  const perCall = Math.max(1, Math.floor(MULTIPLY_ADDS_PER_CALL / depth));
  for (let output = 0; output < outputs; output += perCall) {
    const count = Math.min(perCall, outputs - output);
    run.model.kernels.dense(x, w + output * depth * 4, bias + output * 4, y + output * 4, count, depth);
    if (run.meter.spend(count * depth * UNITS.dense)) yield run.meter.endStep();
  }
}
