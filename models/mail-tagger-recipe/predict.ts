/** A process of `predict-all.ts`: it sends one prediction per text of its share, in their order, and ends. */
import { openRuntimes } from "../../tools/spillway/model/evaluate/runtimes.ts";
import type { Predicted, Share } from "./predict-all.ts";

/** Resolves when the channel has it. */
const send = (predicted: Predicted) => new Promise<void>((resolve) => process.send?.(predicted, () => resolve()));

process.once("message", async ({ packageFolder, stock, texts }: Share) => {
  const { edge, edgeTokens, origin, originWhole, countTokens } = await openRuntimes(packageFolder);
  const { edge: stockEdge } = await openRuntimes(packageFolder, stock);
  if (edge === null || edgeTokens === null || stockEdge === null) throw new Error("The package has no edge model.");
  for (const text of texts) {
    const onOrigin = await origin(text, edgeTokens);
    await send({
      edge: await edge(text, edgeTokens),
      stock: await stockEdge(text, edgeTokens),
      origin: onOrigin,
      whole: countTokens(text) <= edgeTokens ? onOrigin : await originWhole(text),
    });
  }
  process.disconnect();
});
// After the last text, and when the parent has ended.
process.once("disconnect", () => process.exit());
