/** A model counts as ready only when it computes what the packer computed: every memory trick is checked by its results. */
import type { EdgeModel } from "./model.ts";
import type { ModelPackage } from "./package.ts";
import { PackageError } from "./package-error.ts";

/** The first runs take several times as long, until V8 has compiled what they use. */
const WARM_UP_ROUNDS = 2;

/** @throws PackageError (rejected) at the first logit that is off by more than the tolerance, or not a number. */
export async function proveGolden(model: EdgeModel, { edge }: ModelPackage, breathe: () => Promise<unknown>) {
  const { golden, goldenTolerance } = edge;
  for (const { tokenIds, logits } of golden) {
    const computed = await model.run(tokenIds);
    if (!agrees(computed, logits, goldenTolerance)) throw new PackageError("rejected", "golden-logits");
    // Requests that came meanwhile are served between two runs.
    await breathe();
  }
}

/**
 * Runs the golden texts a few times more, for V8. The model is ready already: whoever comes meanwhile waits for one short run at
 * most, and `goesOn` ends it. It took half of a cold load when it came before.
 */
export async function warmUp(
  model: EdgeModel,
  { edge }: ModelPackage,
  goesOn: () => boolean,
  breathe: () => Promise<unknown>,
): Promise<void> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const { tokenIds } of edge.golden) {
      await breathe();
      if (!goesOn()) return;
      await model.run(tokenIds);
    }
  }
}

function agrees(computed: Float32Array, expected: readonly number[], tolerance: number): boolean {
  if (computed.length !== expected.length) return false;
  return expected.every((logit, index) => Math.abs((computed[index] ?? Number.NaN) - logit) <= tolerance);
}
