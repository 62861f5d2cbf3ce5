/** What the parts of one run share. */
import type { Architecture, PaddedSizes } from "../format/architecture.ts";
import type { MatrixKind, MatrixSize, SectionKind } from "../format/sections.ts";
import type { Kernels } from "../kernels.ts";
import type { MemoryPlan } from "../plan-memory.ts";
import type { Meter } from "./meter.ts";

/** A run pauses between kernel calls: each pause gives the units of the step that ended. */
export type Steps<Result = void> = Generator<number, Result, void>;

/** A loaded model. */
export interface Model {
  architecture: Architecture;
  sizes: PaddedSizes;
  matrices: Record<MatrixKind, MatrixSize>;
  kernels: Kernels;
  memory: WebAssembly.Memory;
  plan: MemoryPlan;
  /** The address of a section. */
  addressOf(kind: SectionKind, layer?: number): number;
}

export interface RunContext {
  model: Model;
  meter: Meter;
}

/** One text's rows among those of all texts of a run. */
export interface TextRows {
  first: number;
  count: number;
}
