/** The edge model's port: onnxruntime-web stands behind it today, a faster engine can stand beside it tomorrow. */
import type { ModelPackage } from "./package.ts";

export interface EdgeModel {
  /** Token ids of one text → one logit per label. Blocks the isolate's thread. @throws EdgeRunError */
  run(tokenIds: readonly number[]): Promise<Float32Array>;
  /** The engine's heap now, in bytes. */
  heapBytes(): number;
  /** Gives the heap back for the next model. It must not be run again. */
  release(): void;
}

export interface EdgeEngine {
  /** Makes a model of a package whose edge file `stream` delivers, verified. @throws PackageError, EdgeRunError */
  load(
    opened: ModelPackage,
    stream: (sink: (chunk: Uint8Array, at: number) => void) => Promise<void>,
  ): Promise<EdgeModel>;
}

/** `crashed` means the engine must not be used again. */
export type EdgeRunFault = "out-of-memory" | "engine-error" | "crashed";

export class EdgeRunError extends Error {
  readonly fault: EdgeRunFault;
  constructor(fault: EdgeRunFault, reason: string) {
    super(reason);
    this.name = "EdgeRunError";
    this.fault = fault;
  }
}
