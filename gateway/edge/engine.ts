/** The port of the edge's inference engines. */
import type { EdgeEntry, Manifest } from "../../formats/model-package/manifest.ts";

/** A verified package, of which one entry runs in this isolate. */
export interface ModelPackage {
  modelId: string;
  manifest: Manifest;
  /** The entry that runs in this isolate: the manifest's `edge` or `edgeFallback`. */
  edge: EdgeEntry;
  /** Why it is the fallback; null if it is not. */
  notice: string | null;
}
/** What a run calls between its steps. */
export interface Steps {
  /** Lets the isolate serve others. Called between steps of about 10 ms at most. It throws to end the run: the caller is gone. */
  pause(): Promise<void>;
  /** Whether other requests are in progress, or were a moment ago. Steps are shorter then: a request needs the thread several times. */
  othersWait(): boolean;
}

/** One text, or a pair of texts that the tokenizer joined. */
export interface RunText {
  tokenIds: readonly number[];
  /** The token types, one for each id; null: all 0. */
  typeIds: readonly number[] | null;
}

export interface EdgeModel {
  /**
   * One or more texts → one array per text, one logit per label. A run that begins ends an unfinished one before it,
   * so the texts of two runs never interleave.
   * @throws EdgeRunError; RunAborted after a later run has begun; and whatever `pause` throws, after which the run is over
   */
  run(texts: readonly RunText[], steps: Steps): Promise<Float32Array[]>;
  /** Tokens of the texts that may run together, at most; 0 if they gain nothing from it. */
  readonly batchTokens: number;
  /** The engine's heap now, in bytes. */
  heapBytes(): number;
  /** Frees the heap for the next model. The model must not be run again. */
  release(): void;
}

export interface EdgeEngine {
  /** Loads a package's edge file, which `stream` delivers in pieces and verifies. @throws PackageError, EdgeRunError */
  load(
    opened: ModelPackage,
    stream: (sink: (chunk: Uint8Array, at: number) => void) => Promise<void>,
  ): Promise<EdgeModel>;
  /** Drops the heap, for another engine. No model of this engine may be open. */
  discard(): void;
  /** Bytes of heaps that were dropped, also after a trap, and that the garbage collector has not freed yet. */
  uncollectedBytes(): number;
}

/** An engine that this deployment or this runtime does not have, and why: one sentence without its full stop. */
export interface EngineUnavailable {
  unavailable: string;
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

/** The run was ended between two steps. The engine is not at fault. */
export class RunAborted extends Error {
  constructor() {
    super("the run was ended between two steps");
    this.name = "RunAborted";
  }
}
