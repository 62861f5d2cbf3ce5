/** The states of the isolate's model, from cold to ready. */
import type { EdgeModel } from "./engine.ts";
import type { OpenedPackage } from "./load-package.ts";

export interface Loading {
  kind: "loading";
  /** When the load last made progress: a chunk, or a golden text. */
  aliveAtMs: number;
}

export interface Ready {
  kind: "ready";
  /** From the first listing of the bucket to the last golden text. */
  loadMs: number;
  model: EdgeModel;
  opened: OpenedPackage;
}

export type LoadState =
  | { kind: "cold" }
  | Loading
  | Ready
  /** The stored files are not the named package: reading again does not help until other files are stored. */
  | { kind: "rejected"; reason: string; storedPrint: string; lookAgainAtMs: number }
  | { kind: "failed"; reason: string; retryAtMs: number };

/** How a load can end. */
export type LoadEnd = Exclude<LoadState, Loading | { kind: "cold" }>;
