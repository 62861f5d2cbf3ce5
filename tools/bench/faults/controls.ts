/** The faults that the bench sets in the gateway's Worker, and what the Worker reports. Both sides of one HTTP call import this file. */

/** `slow`: answers after 3 s. `hang`: never answers. `stale`: keeps answering with what it read first. */
export type StoreFault = "down" | "slow" | "hang" | "stale";
/** `half`: each object ends after half of its bytes. */
export type BucketFault = "down" | "slow" | "hang" | "half";
export type LedgerFault = "down" | "slow" | "refusing" | "full";
/** `small-heap`: a model does not fit. `wrong-logits`: each run computes other numbers. The others end a run in the middle. */
export type EngineFault = "trap" | "trap-once" | "out-of-memory" | "engine-error" | "small-heap" | "wrong-logits";
export type HeldWork = "load" | "run";

/** An object of the bucket that is read from another key. `to` is null: it is missing. */
export interface MovedObject {
  key: string;
  to: string | null;
}

export interface Controls {
  policies: StoreFault | null;
  keys: StoreFault | null;
  models: BucketFault | null;
  moved: MovedObject | null;
  ledger: LedgerFault | null;
  engine: EngineFault | null;
  /** Added to the time of the isolate's clock. */
  clockOffsetMs: number;
  /** The isolate's clock does not move. */
  clockStands: boolean;
  /** The step of a load or of a run that waits until it is released, counted from 0 since these controls were set. */
  hold: { work: HeldWork; step: number } | null;
}

export const NO_FAULTS: Controls = {
  policies: null,
  keys: null,
  models: null,
  moved: null,
  ledger: null,
  engine: null,
  clockOffsetMs: 0,
  clockStands: false,
  hold: null,
};

/** What the Worker reports of its isolate. */
export interface IsolateFacts {
  /** Steps of loads and of runs since the controls were set. */
  steps: Record<HeldWork, number>;
  /** Whether a step is held now. */
  isHeld: boolean;
  /** Whether the isolate's model is ready. Asking does not begin a load. */
  isEdgeReady: boolean;
  /** Waits of the gateway's clock that have not ended: each is a timer. */
  timers: number;
  /** Work under `waitUntil` that has not ended. */
  background: number;
  /** Subrequests that have no response yet. */
  subrequests: number;
  /** Records of requests since the Worker began. */
  records: number;
  /** Records of requests that were already answered and recorded. */
  strayRecords: number;
}

/** Where the Worker is controlled. No path of the gateway begins like this. */
export const CONTROLS_PATH = "/__controls";
export const ISOLATE_PATH = "/__isolate";
export const STORES_PATH = "/__stores";

/** On a request: a new isolate serves it. */
export const NEW_ISOLATE_HEADER = "x-bench-new-isolate";
/** On an answer: how often the request was recorded. */
export const RECORDS_HEADER = "x-bench-records";
