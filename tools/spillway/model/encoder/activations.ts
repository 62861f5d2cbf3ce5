/** Recognizes an activation by its values, in whatever operators a graph computes it. */
import { ACTIVATIONS, type Activation } from "../../../../engine/format/architecture.ts";
import { ACTIVATION_FUNCTIONS } from "../../../../engine/reference/functions.ts";

export const geluErf = ACTIVATION_FUNCTIONS["gelu-erf"];
export const geluTanh = ACTIVATION_FUNCTIONS["gelu-tanh"];

/** From −12 to 12: beyond it, every activation is at its limits. */
const PROBES = Array.from({ length: 481 }, (_, index) => (index - 240) / 20);
/** The two forms of GELU differ by up to 5e-4; constants in FP32 change a value by less than 1e-6. */
const MAX_GAP = 5e-6;

/** @returns null if the function is none of the engine's activations */
export function activationOf(apply: (x: number) => number): Activation | null {
  const fits = (activation: Activation) =>
    PROBES.every((x) => Math.abs(apply(x) - ACTIVATION_FUNCTIONS[activation](x)) <= MAX_GAP * Math.max(1, Math.abs(x)));
  return ACTIVATIONS.find(fits) ?? null;
}
