/** From token ids to the rows that enter the first layer. */
import { hasProjection } from "../format/architecture.ts";
import type { RunContext, Steps } from "./context.ts";
import { UNITS } from "./meter.ts";
import { multiply, plainOutput, quantizeRows } from "./product.ts";

/** Of 768 floats: a tenth of a millisecond. */
const ROWS_PER_CALL = 64;

/**
 * Word + position + segment, normalized and widened where the model does so. Ids, positions and kinds lie in their buffers.
 * @param severalKinds whether any token belongs to another segment than the first
 */
export function* embedTokens(run: RunContext, rows: number, severalKinds: boolean): Steps {
  const { architecture, sizes, kernels, plan, matrices, addressOf } = run.model;
  const projected = hasProjection(architecture);
  const x = projected ? plan.context : plan.x;
  const width = sizes.embedding;
  const gains = addressOf("embedding norm");
  for (let row = 0; row < rows; row += ROWS_PER_CALL) {
    const some = Math.min(ROWS_PER_CALL, rows - row);
    const [tokens, to] = [row * 4, x + row * width * 4];
    kernels.embed(
      plan.ids + tokens,
      plan.positions + tokens,
      some,
      width,
      addressOf("words"),
      addressOf("word scales"),
      addressOf("places"),
      addressOf("place scales"),
      to,
    );
    if (severalKinds) kernels.addRows(to, plan.kinds + tokens, some, width, addressOf("segment kinds"));
    kernels.layerNorm(to, some, architecture.embeddingWidth, width * 4, gains, architecture.epsilon);
    if (run.meter.spend(some * width * (UNITS.embed + UNITS.layerNorm))) yield run.meter.endStep();
  }
  if (!projected) return;

  const { depth, columns } = matrices.projection;
  const embedded = yield* quantizeRows(run, x, { depth, rows }, { at: plan.packed, facts: plan.facts });
  yield* multiply(
    run,
    embedded,
    { at: addressOf("projection"), facts: addressOf("projection columns"), columns },
    plainOutput(plan.x, sizes.width, false),
  );
}
