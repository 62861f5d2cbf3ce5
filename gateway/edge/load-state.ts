/** The states of the isolate's model, from cold to ready. */
import { PackageError } from "./bucket.ts";
import { type EdgeModel, EdgeRunError } from "./engine.ts";
import type { OpenedPackage } from "./load-package.ts";

/** The wait after a load that failed for a transient reason; doubled each time. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;
/** A rejected package is listed this often, and read again only if a file under its name has changed. */
export const LOOK_AGAIN_MS = 10_000;

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

export type NotReady =
  /** The stored files are not the named package: reading again does not help until other files are stored. */
  | { kind: "rejected"; reason: string; storedPrint: string; lookAgainAtMs: number }
  /** `isEngineFault`: the heap was full, or the engine crashed. Else the package could not be read now. */
  | { kind: "failed"; reason: string; isEngineFault: boolean; retryAtMs: number };

export type LoadState = { kind: "cold" } | Loading | Ready | NotReady;

/**
 * How a load ends that has thrown. A model that the engine cannot open will not open next time either; a trap or a full heap may be
 * transient.
 * @param failures loads that failed one after another before this one
 */
export function notReady(
  error: unknown,
  { nowMs, failures, storedPrint }: { nowMs: number; failures: number; storedPrint: string },
): NotReady {
  const reason = error instanceof Error ? error.message : String(error);
  const isFinal =
    error instanceof PackageError
      ? error.kind === "rejected"
      : error instanceof EdgeRunError && error.fault === "engine-error";
  if (isFinal) return { kind: "rejected", reason, storedPrint, lookAgainAtMs: nowMs + LOOK_AGAIN_MS };
  const retryAtMs = nowMs + Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** failures);
  return { kind: "failed", reason, isEngineFault: !(error instanceof PackageError), retryAtMs };
}
