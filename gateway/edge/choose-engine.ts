/** Which of a package's edge entries runs in this isolate: the package names an engine, and may have a fallback for another one. */
import type { EdgeEngineId, EdgeEntry, Manifest } from "../../formats/model-package/manifest.ts";
import { PackageError } from "./bucket.ts";
import type { EdgeEngine, EngineUnavailable } from "./engine.ts";

export type EdgeEngines = Readonly<Record<EdgeEngineId, EdgeEngine | EngineUnavailable>>;

export interface ChosenEntry {
  edge: EdgeEntry;
  /** Why the package's first choice does not run; null if it does. */
  notice: string | null;
}

/** @throws PackageError (rejected) with the reason if no engine of this isolate runs the package */
export function chooseEntry({ edge, edgeFallback }: Manifest, engines: EdgeEngines): ChosenEntry {
  if (edge === null) throw new PackageError("rejected", "packed for the origin only");
  const problem = unavailable(engines[edge.engine]);
  if (problem === null) return { edge, notice: null };
  if (edgeFallback === null) throw new PackageError("rejected", `${problem}; the package has no edgeFallback`);
  const fallbackProblem = unavailable(engines[edgeFallback.engine]);
  if (fallbackProblem !== null) throw new PackageError("rejected", `${problem}; its edgeFallback: ${fallbackProblem}`);
  return { edge: edgeFallback, notice: problem };
}

/** The engine of a chosen entry. @throws PackageError (rejected) if it is unavailable */
export function engineOf(edge: EdgeEntry, engines: EdgeEngines): EdgeEngine {
  const engine = engines[edge.engine];
  if ("unavailable" in engine) throw new PackageError("rejected", engine.unavailable);
  return engine;
}

/** The engines of this isolate, whatever package is wanted. */
export function availableEngines(engines: EdgeEngines): EdgeEngine[] {
  return Object.values(engines).flatMap((engine) => ("unavailable" in engine ? [] : [engine]));
}

function unavailable(engine: EdgeEngine | EngineUnavailable): string | null {
  return "unavailable" in engine ? engine.unavailable : null;
}
