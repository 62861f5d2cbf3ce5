/**
 * One isolate with a ready model, in simulated time: the gateway's own `decide`, queue, estimate and recent P95, and in place of
 * the model and of the origin only the time that they take. It reads no clock and waits for none.
 */

import type { Manifest, TokenModel } from "../../../formats/model-package/manifest.ts";
import { decisionsFor } from "../../../gateway/decide/decide.ts";
import type { Because } from "../../../gateway/decide/route.ts";
import { EdgeQueue } from "../../../gateway/edge/queue.ts";
import { RunEstimate } from "../../../gateway/edge/run-estimate.ts";
import { RecentP95 } from "../../../gateway/resilience/recent-p95.ts";
import type { Conditions } from "../../../gateway/sides.ts";
import type { Policy } from "../../../policies/schema.ts";
import type { ArrivingText } from "./traffic.ts";

export type EdgeNumbers = Pick<NonNullable<Manifest["edge"]>, "maxTokens" | "timeMs">;

export interface Answered {
  side: "edge" | "origin";
  because: Because;
  tokens: number;
  /** At the edge: from its arrival to the beginning of its inference. At the origin: to the call. */
  waitMs: number;
  /** At the edge: how long the inference took. At the origin: how long the call took. */
  runMs: number;
  /** From its arrival to its answer. */
  answerMs: number;
}

const NEVER = new AbortController().signal;
const LOCATION = { country: null, isEu: false };

export class SimulatedIsolate {
  readonly answered: Answered[] = [];
  #nowMs = 0;
  readonly #happenings = new EventQueue();
  /** Waiters of the queue that would ask whether it is their turn, in the order of joining. */
  readonly #asking: (() => void)[] = [];
  readonly #turns: Promise<void>[] = [];
  readonly #queue = new EdgeQueue({
    nowMs: () => this.#nowMs,
    // Asking before the head of the queue is through changes nothing: each waiter is let to ask once, when it is the head.
    wait: () => new Promise<void>((ask) => this.#asking.push(ask)),
  });
  readonly #estimate: RunEstimate;
  /** Never corrected. */
  readonly #trueTimes: RunEstimate;
  readonly #originLatency = new RecentP95();
  readonly #policy: Policy;
  readonly #maxTokens: number;

  /** `trueTimeMs` is what runs take, before noise; the estimate starts from what the package says. */
  constructor(policy: Policy, { maxTokens, timeMs }: EdgeNumbers, trueTimeMs: TokenModel) {
    this.#policy = policy;
    this.#maxTokens = maxTokens;
    this.#estimate = new RunEstimate(timeMs);
    this.#trueTimes = new RunEstimate(trueTimeMs);
  }

  expect(text: ArrivingText): void {
    this.#happenings.add({ atMs: text.arrivesAtMs, happen: () => this.#arrive(text) });
  }

  /** Until every text that is expected has its answer. */
  async runToEnd(): Promise<void> {
    for (;;) {
      // One thread: what came in during an inference is seen when that is over, and before the next one begins.
      const next = this.#happenings.takeUntil(this.#turns.length === 0 ? Number.POSITIVE_INFINITY : this.#nowMs);
      if (next !== null) {
        this.#nowMs = Math.max(this.#nowMs, next.atMs);
        next.happen();
      } else if (this.#turns.length > 0) await this.#nextTurn();
      else return;
    }
  }

  #arrive(text: ArrivingText): void {
    const { tokens, stickyKey } = text;
    const predictedMs = this.#estimate.predictedMs(tokens);
    const numbers = { tokens, stickyKey, edgeRunMs: predictedMs, location: LOCATION };
    const route = decisionsFor(numbers, this.#policy).route(this.#conditions(), this.#nowMs);
    if (route.side === "refuse") throw new Error(`the simulation knows no reason to refuse, yet: ${route.because}`);
    if (route.side === "edge") this.#joinQueue(text, predictedMs, route.because);
    else this.#callOrigin(text, route.because);
  }

  #conditions(): Conditions {
    const origin = { name: "default", weight: 100, breakerAllows: true, retryAtMs: null };
    return {
      edge: {
        model: "ready",
        breakerAllows: true,
        maxTokens: this.#maxTokens,
        queueMs: this.#queue.waitMs(),
        // Only a hedge looks at it.
        p95Ms: null,
      },
      origins: [{ ...origin, p95Ms: this.#originLatency.p95Ms(this.#nowMs) }],
    };
  }

  #joinQueue({ arrivesAtMs, tokens, runNoise }: ArrivingText, predictedMs: number, because: Because): void {
    const work = async () => {
      const waitMs = this.#nowMs - arrivesAtMs;
      const runMs = this.#trueTimes.predictedMs(tokens) * runNoise;
      this.#nowMs += runMs;
      this.#estimate.observe(tokens, runMs);
      this.answered.push({ side: "edge", because, tokens, waitMs, runMs, answerMs: this.#nowMs - arrivesAtMs });
    };
    this.#turns.push(this.#queue.takeTurn(predictedMs, NEVER, work).then(() => {}));
  }

  async #nextTurn(): Promise<void> {
    this.#asking.shift()?.();
    await this.#turns.shift();
  }

  #callOrigin({ arrivesAtMs, tokens, originMs }: ArrivingText, because: Because): void {
    const calledAtMs = this.#nowMs;
    const happen = () => {
      const runMs = this.#nowMs - calledAtMs;
      this.#originLatency.observe(runMs, this.#nowMs);
      const waitMs = calledAtMs - arrivesAtMs;
      this.answered.push({ side: "origin", because, tokens, waitMs, runMs, answerMs: waitMs + runMs });
    };
    this.#happenings.add({ atMs: calledAtMs + originMs, happen });
  }
}

/** What is yet to happen to the isolate, by time. Holds no clock. */

export interface SimulationEvent {
  atMs: number;
  happen(): void;
}

export class EventQueue {
  /** Latest first: the next one is taken off the end. */
  readonly #latestFirst: SimulationEvent[] = [];

  add(event: SimulationEvent): void {
    // Most are added for soon: looked for from the end.
    const after = this.#latestFirst.findLastIndex(({ atMs }) => atMs > event.atMs);
    this.#latestFirst.splice(after + 1, 0, event);
  }

  /** Takes the next one out; null when there is none until then. */
  takeUntil(nowMs: number): SimulationEvent | null {
    const next = this.#latestFirst.at(-1);
    if (next === undefined || next.atMs > nowMs) return null;
    this.#latestFirst.pop();
    return next;
  }
}
