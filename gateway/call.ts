/** What one request brings to every part of the gateway, and the clock that all of them go by. */
import type { Outcome } from "./record/outcome.ts";

/** Time, as every part of the gateway receives it from outside. */
export interface Clock {
  /** Milliseconds since 1970. In production it moves only across I/O. */
  nowMs(): number;
  /** Resolves after this many ms. It counts as I/O: other requests run meanwhile, and the clock moves. */
  wait(ms: number): Promise<unknown>;
}

/** The names by which a caller and an operator refer to the same request. */
export interface Identity {
  requestId: string;
  /** The `traceresponse` header's value; null where nothing is traced. */
  traceResponse: string | null;
}

/** How long a request's context lives, and what may outlive its answer. */
export interface Lifetime {
  /** The same for all work of one request, and for no other request's. */
  request: symbol;
  /** Aborted when the caller hangs up, or when the work is no longer needed. */
  signal: AbortSignal;
  /** Keeps the request's context alive after the answer. Work of a request that has ended never continues otherwise. */
  keepAlive(work: Promise<unknown>): void;
  /** Starts work that would delay the answer once the answer has left, and keeps it alive. */
  afterAnswer(work: () => Promise<unknown>): void;
}

export interface Call {
  identity: Identity;
  lifetime: Lifetime;
  /** What `record` recorded of the request; null before. */
  recorded: Outcome | null;
}

/** The reason of an abort: the other side answered first. */
export class LostToOtherSide extends Error {
  constructor() {
    super("the other side answered first");
    this.name = "LostToOtherSide";
  }
}

/** Who ended an aborted attempt. */
export function whyAborted({ reason }: AbortSignal): "lost-to-other-side" | "caller-gone" {
  return reason instanceof LostToOtherSide ? "lost-to-other-side" : "caller-gone";
}
