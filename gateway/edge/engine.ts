/** The port of the edge's inference engine. */
import type { ModelPackage } from "./package.ts";

export interface EdgeModel {
  /** Token ids of one text → one logit per label. Blocks the isolate's thread. @throws EdgeRunError */
  run(tokenIds: readonly number[]): Promise<Float32Array>;
  /** The engine's heap now, in bytes. */
  heapBytes(): number;
  /** Frees the heap for the next model. The model must not be run again. */
  release(): void;
}

export interface EdgeEngine {
  /** Loads a package's edge file, which `stream` delivers and verifies. @throws PackageError, EdgeRunError */
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
