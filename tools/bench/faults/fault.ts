/** The port between the bench and its faults: how a fault begins, what happens during it, and how it ends. */
import type { FaultySystem } from "./system.ts";

/** `none`: the load without a fault, to compare with. */
export type Part = "none" | "origin" | "edge" | "callers" | "stores" | "telemetry" | "control plane" | "clock";

export interface Fault {
  name: string;
  part: Part;
  /** `--quick` has it too. */
  isQuick: boolean;
  /** Before the load, what callers do not notice yet. */
  prepare?(system: FaultySystem): Promise<void>;
  begin(system: FaultySystem): Promise<void> | void;
  /** Instead of a pause between `begin` and `end`. */
  during?(system: FaultySystem, quick: boolean): Promise<void>;
  end(system: FaultySystem): Promise<void> | void;
  /** The least time that it lasts, where that differs from the others. */
  lastsMs?: number;
  /** Why short texts may be refused: no part of the system could answer them. */
  mayRefuseShort?: string;
}
