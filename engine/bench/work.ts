import { type Architecture, padSizes } from "../format/architecture.ts";

/** Multiply-adds of one text's 8-bit products: the last layer's after keys and values are of the first token only. */
export function multiplyAdds(architecture: Architecture, tokens: number): number {
  const { width, context, feedForward } = padSizes(architecture);
  const perToken = 4 * width * context + 2 * width * feedForward;
  const keysAndValues = 2 * width * context;
  return (architecture.layers - 1) * tokens * perToken + tokens * keysAndValues + (perToken - keysAndValues);
}
