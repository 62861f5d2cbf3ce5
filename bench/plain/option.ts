/** Whether the plain way is measured beside Spillway. */
import type { OptionValues } from "../bench.ts";

export const PLAIN_OPTION = { plain: { type: "boolean" } } as const;

/** Always at DistilBERT's size, where it is the question; elsewhere when it is asked for. */
export function withPlain(values: OptionValues): boolean {
  return values["plain"] === true || values["model"] === "distilbert";
}
