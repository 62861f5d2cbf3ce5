/** Options of the ONNX Runtime sessions that only check a model. */
import type { InferenceSession } from "onnxruntime-node";

const FATAL = 4;

/** Threads that spin while they wait double the CPU time of short runs, and gain nothing. */
export const CHECKING = {
  logSeverityLevel: FATAL,
  extra: { session: { intra_op: { allow_spinning: "0" } } },
} as const satisfies InferenceSession.SessionOptions;
