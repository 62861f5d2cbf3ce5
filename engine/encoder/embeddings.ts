/** From token ids to the rows that enter the first layer. */
import { hasProjection } from "../format/architecture.ts";
import type { RunContext, Steps } from "./context.ts";
import { UNITS } from "./meter.ts";
import { multiply, plainOutput } from "./product.ts";

/**
 * Word + position + segment, normalized and widened where the model does so. Ids, positions and kinds lie in their buffers.
 * @param severalKinds whether any token belongs to another segment than the first
 */
export function* embedTokens(run: RunContext, rows: number, severalKinds: boolean): Steps {
  const { architecture, sizes, kernels, plan, matrices, addressOf } = run.model;
  const projected = hasProjection(architecture);
  const x = projected ? plan.context : plan.x;
  const width = sizes.embedding;
  kernels.embed(
    plan.ids,
    plan.positions,
    rows,
    width,
    addressOf("words"),
    addressOf("word scales"),
    addressOf("places"),
    addressOf("place scales"),
    x,
  );
  if (severalKinds) kernels.addRows(x, plan.kinds, rows, width, addressOf("segment kinds"));
  const gains = addressOf("embedding norm");
  kernels.layerNorm(x, rows, architecture.embeddingWidth, width * 4, gains, architecture.epsilon);
  if (run.meter.spend(rows * width * (UNITS.embed + UNITS.layerNorm))) yield run.meter.endStep();
  if (!projected) return;

  kernels.quantize(x, width * 4, 0, rows, rows, width, plan.packed, plan.facts, 0);
  if (run.meter.spend(rows * width * UNITS.quantize)) yield run.meter.endStep();
  const { depth, columns } = matrices.projection;
  yield* multiply(
    run,
    { at: plan.packed, facts: plan.facts, rows, depth },
    { at: addressOf("projection"), facts: addressOf("projection columns"), columns },
    plainOutput(plan.x, sizes.width, false),
  );
}
