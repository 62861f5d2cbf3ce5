/**
 * One isolate in simulated time. It runs the gateway's own `decide`, queue, estimate and recent P95; the model and
 * the origin are only the time that they take. It reads no clock and waits for none.
 */
import type { RecordedArm } from "../../formats/ledger/series.ts";
import type { Manifest, TokenModel } from "../../formats/model-package/manifest.ts";
import { decisionsFor } from "../../gateway/decide/decide.ts";
import type { Because } from "../../gateway/decide/route.ts";
import { EdgeQueue } from "../../gateway/edge/queue.ts";
import { RunEstimate } from "../../gateway/edge/run-estimate.ts";
import { RecentP95 } from "../../gateway/resilience/recent-p95.ts";
import type { Conditions } from "../../gateway/sides.ts";
import type { Policy } from "../../policies/schema.ts";

export interface ArrivingText {
  arrivesAtMs: number;
  tokens: number;
  stickyKey: string;
  /** Duration of its run at the edge, divided by the prediction of the package's time model. */
  runNoise: number;
  /** Duration of a call of the origin. */
  originMs: number;
  /** Whether the isolate has no model yet when the text arrives. */
  isCold?: boolean;
}

export type EdgeNumbers = Pick<NonNullable<Manifest["edge"]>, "maxTokens" | "timeMs">;

export interface Answer {
  side: "edge" | "origin";
  because: Because;
  arm: RecordedArm;
  /** Of its text. */
  stickyKey: string;
  tokens: number;
  /** From the arrival to the start of the inference at the edge, or to the call of the origin. */
  waitMs: number;
  /** Duration of the inference at the edge, or of the call of the origin. */
  runMs: number;
  /** From the arrival to the answer. */
  answerMs: number;
}

export interface Simulated {
  texts: readonly ArrivingText[];
  policy: Policy;
  edge: EdgeNumbers;
  /** How long runs last, before noise. The estimate starts from `edge.timeMs`, which is also the default. */
  trueTimeMs?: TokenModel;
}

/** Pure: the same texts and policy give the same answers on any machine. @returns an answer per text, in the order of the answers */
export async function simulate(simulated: Simulated): Promise<readonly Answer[]> {
  const isolate = new SimulatedIsolate(simulated);
  for (const text of simulated.texts) isolate.expect(text);
  await isolate.runToEnd();
  return isolate.answers;
}

type Found = Pick<Answer, "because" | "arm" | "tokens" | "stickyKey">;

const NEVER = new AbortController().signal;
/** gateway/edge/spillway/spillway-engine.ts */
const STEP_MS = 4;
const LOCATION = { country: null, isEu: false };

class SimulatedIsolate {
  readonly answers: Answer[] = [];
  #nowMs = 0;
  readonly #events = new EventQueue();
  /** Polls of the texts that wait in the queue, in the order in which they joined. */
  readonly #polls: (() => void)[] = [];
  readonly #turns: Promise<void>[] = [];
  readonly #queue = new EdgeQueue<null, null>({
    clock: {
      nowMs: () => this.#nowMs,
      // A poll before the head of the queue is done changes nothing, so each text polls once, when it is the head.
      wait: () => new Promise<void>((poll) => this.#polls.push(poll)),
    },
    // Each text is a request.
    mayJoin: () => false,
    predictedMs: () => 0,
  });
  readonly #estimate: RunEstimate;
  /** Never corrected. */
  readonly #trueTimes: RunEstimate;
  readonly #originLatency = new RecentP95();
  readonly #policy: Policy;
  readonly #maxTokens: number;

  constructor({ policy, edge, trueTimeMs = edge.timeMs }: Omit<Simulated, "texts">) {
    this.#policy = policy;
    this.#maxTokens = edge.maxTokens;
    this.#estimate = new RunEstimate(edge.timeMs);
    this.#trueTimes = new RunEstimate(trueTimeMs);
  }

  expect(text: ArrivingText): void {
    this.#events.add({ atMs: text.arrivesAtMs, run: () => this.#arrive(text) });
  }

  /** Runs until every expected text has its answer. */
  async runToEnd(): Promise<void> {
    for (;;) {
      // One thread: arrivals are handled before the next run begins, and between the steps of a run.
      const next = this.#events.removeNext(this.#turns.length === 0 ? Number.POSITIVE_INFINITY : this.#nowMs);
      if (next !== null) {
        this.#nowMs = Math.max(this.#nowMs, next.atMs);
        next.run();
      } else if (this.#turns.length > 0) await this.#runTurn();
      else return;
    }
  }

  #arrive(text: ArrivingText): void {
    const { tokens, stickyKey, isCold = false } = text;
    const predictedMs = this.#estimate.predictedMs(tokens);
    // A cold isolate has no tokenizer.
    const known = isCold ? { tokens: null, edgeRunMs: null } : { tokens, edgeRunMs: predictedMs };
    const decisions = decisionsFor({ ...known, bytes: 0, stickyKey, location: LOCATION }, this.#policy);
    const conditions = this.#conditions(isCold);
    const route = decisions.route(conditions, this.#nowMs);
    if (route.side === "refuse") throw new Error(`the simulation has no reason to refuse a text: ${route.because}`);
    const found = { because: route.because, arm: decisions.arm(conditions, tokens), tokens, stickyKey };
    if (route.side === "edge") this.#joinQueue(text, predictedMs, found);
    else this.#callOrigin(text, found);
  }

  #conditions(isCold: boolean): Conditions {
    const origin = {
      name: "default",
      weight: 100,
      breakerAllows: true,
      allowsEarlyTrial: false,
      isFull: false,
      retryAtMs: null,
      longTextsPause: null,
    };
    return {
      edge: {
        model: isCold ? "cold" : "ready",
        breakerAllows: true,
        maxTokens: this.#maxTokens,
        packageMaxTokens: this.#maxTokens,
        queueMs: this.#queue.waitMs(),
        // Only a hedge reads it.
        p95Ms: null,
      },
      origins: [{ ...origin, p95Ms: this.#originLatency.p95Ms(this.#nowMs) }],
    };
  }

  #joinQueue({ arrivesAtMs, tokens, runNoise }: ArrivingText, predictedMs: number, found: Found): void {
    const work = async () => {
      const waitMs = this.#nowMs - arrivesAtMs;
      const runMs = this.#trueTimes.predictedMs(tokens) * runNoise;
      this.#compute(runMs);
      this.#estimate.observe([tokens], runMs);
      this.answers.push({ side: "edge", ...found, waitMs, runMs, answerMs: this.#nowMs - arrivesAtMs });
      return [null];
    };
    this.#turns.push(this.#queue.takeTurn({ item: null, predictedMs, signal: NEVER }, work).then(() => {}));
  }

  /** A run in steps: what arrives in one is handled at its end. */
  #compute(runMs: number): void {
    const endsAtMs = this.#nowMs + runMs;
    while (this.#nowMs < endsAtMs) {
      this.#nowMs = Math.min(endsAtMs, this.#nowMs + STEP_MS);
      for (let next = this.#events.removeNext(this.#nowMs); next !== null; next = this.#events.removeNext(this.#nowMs))
        next.run();
    }
  }

  async #runTurn(): Promise<void> {
    this.#polls.shift()?.();
    await this.#turns.shift();
  }

  #callOrigin({ arrivesAtMs, originMs }: ArrivingText, found: Found): void {
    const calledAtMs = this.#nowMs;
    const run = () => {
      const runMs = this.#nowMs - calledAtMs;
      this.#originLatency.observe(runMs, this.#nowMs);
      const waitMs = calledAtMs - arrivesAtMs;
      this.answers.push({ side: "origin", ...found, waitMs, runMs, answerMs: waitMs + runMs });
    };
    this.#events.add({ atMs: calledAtMs + originMs, run });
  }
}

export interface SimulationEvent {
  atMs: number;
  run(): void;
}

/** The future events of a simulation, by time. Holds no clock. */
export class EventQueue {
  /** Latest first, so that the next event is removed from the end. */
  readonly #latestFirst: SimulationEvent[] = [];

  /** Events of the same time keep the order in which they were added. */
  add(event: SimulationEvent): void {
    let [start, end] = [0, this.#latestFirst.length];
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((this.#latestFirst[middle]?.atMs ?? 0) > event.atMs) start = middle + 1;
      else end = middle;
    }
    this.#latestFirst.splice(start, 0, event);
  }

  /** Removes and returns the next event; null if it is later than `untilMs`, or if there is none. */
  removeNext(untilMs: number): SimulationEvent | null {
    const next = this.#latestFirst.at(-1);
    if (next === undefined || next.atMs > untilMs) return null;
    this.#latestFirst.pop();
    return next;
  }
}
