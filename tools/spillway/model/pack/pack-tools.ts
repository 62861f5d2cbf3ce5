/** The parts of a pack that take long for a model of any size, or that measure time. Tests of the other parts replace them. */
import { checkTokenizer } from "./check-tokenizer.ts";
import { measureTimesInWorkerd } from "./in-workerd/measure-times.ts";
import { measureWindowMs } from "./measure.ts";

export interface PackTools {
  checkTokenizer: typeof checkTokenizer;
  measureTimes: typeof measureTimesInWorkerd;
  measureWindowMs: typeof measureWindowMs;
}

export const packTools: PackTools = { checkTokenizer, measureTimes: measureTimesInWorkerd, measureWindowMs };
