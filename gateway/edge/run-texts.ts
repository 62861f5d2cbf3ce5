/** One run of the edge model, for one text or several: its result, its time, and what the breaker and the estimate learn from it. */
import { type Clock, whyAborted } from "../call.ts";
import type { Report } from "../record/events.ts";
import { type Breaker, BreakerOpenError } from "../resilience/breaker/breaker.ts";
import type { AttemptOptions, FailureReason, SideAnswer, SideResult } from "../sides.ts";
import { EdgeRunError, RunAborted, type RunText } from "./engine.ts";
import type { Ready } from "./load-state.ts";
import { classifierOf } from "./package.ts";
import type { Turn } from "./queue.ts";
import type { LearnedLimits } from "./run-estimate.ts";

/** A text that is to run on one model. */
export interface EdgeText extends RunText {
  ready: Ready;
  learned: LearnedLimits;
  purpose: AttemptOptions["purpose"];
  /** The request that the text belongs to. */
  request: symbol;
}

/** Texts of one request, on one model, that fit in one run. A shadow runs by itself: a text that arrives waits for one at most. */
export function mayRunTogether(batch: readonly EdgeText[], next: EdgeText): boolean {
  const tokens = batch.reduce((sum, { tokenIds }) => sum + tokenIds.length, next.tokenIds.length);
  return batch.every(
    ({ ready, request, purpose }) =>
      purpose === "answer" &&
      next.purpose === "answer" &&
      request === next.request &&
      ready === next.ready &&
      tokens <= ready.model.batchTokens,
  );
}

/** Predicted time of a run of these texts, in ms. */
export function predictedTogetherMs(batch: readonly EdgeText[]): number {
  return batch[0]?.learned.predictedMs(...batch.map(({ tokenIds }) => tokenIds.length)) ?? 0;
}

/** Models that were dropped. Texts may still wait to run on them. */
const broken = new WeakSet<Ready>();

/** `dropped`: it was not run, as a run before it has broken the model. */
export type TextResult = SideResult | "dropped";

export interface RunParts {
  breaker: Breaker;
  clock: Clock;
  report: Report;
  /** Whether other requests are in progress, so that steps should be short. */
  othersWait(): boolean;
  /** Discards a model that must not be used again. */
  drop(ready: Ready): void;
  /** Receives the time of each answered text, wait included. */
  answered(ms: number): void;
}

/**
 * Runs texts of one model. Between two steps the isolate serves others; when the callers of all texts are gone, the run ends, and
 * feeds neither breaker nor estimate. A shadow's run feeds neither of them ever.
 * @returns one result per text
 */
export async function runTexts(turns: readonly Turn<EdgeText>[], parts: RunParts): Promise<readonly TextResult[]> {
  const [first] = turns;
  if (first === undefined) return [];
  const { breaker, clock, report } = parts;
  const { ready, learned, purpose } = first.item;
  if (broken.has(ready)) return turns.map(() => "dropped");
  const tokens = turns.map(({ item }) => item.tokenIds.length);
  const beganAtMs = clock.nowMs();
  const resume = () => {
    for (const turn of turns) turn.renew();
    if (turns.every(({ signal }) => signal.aborted)) throw new RunAborted();
  };
  // A long run has a hundred pauses: an async function would make twice the garbage of each.
  const pause = () => clock.wait(0).then(resume);
  const compute = () =>
    ready.model.run(
      turns.map(({ item }) => item),
      { pause, othersWait: parts.othersWait },
    );
  const reportEach = (outcome: "ok" | FailureReason, timings: readonly Timings[]) => {
    if (purpose === "shadow") return;
    for (const { queueMs, runMs } of timings) report({ kind: "edge-run", outcome, queueMs, runMs });
  };
  const timingsNow = () => timingsOf(turns, { beganAtMs, runMs: clock.nowMs() - beganAtMs });
  try {
    const logits = purpose === "shadow" ? await compute() : await breaker.run(compute, outcomeOf);
    await letClockMove(clock);
    const timings = timingsNow();
    if (purpose === "answer") learned.observe(tokens, clock.nowMs() - beganAtMs);
    reportEach("ok", timings);
    return turns.map((_, index) => {
      const [rows, times, count] = [logits[index], timings[index], tokens[index]];
      if (rows === undefined || times === undefined || count === undefined) throw new Error("a text has no logits");
      if (purpose === "answer") parts.answered(times.queueMs + times.runMs);
      return { ok: true, answer: answerOf(ready, count, rows, times) };
    });
  } catch (error) {
    if (error instanceof BreakerOpenError) return turns.map(() => failed("breaker-open"));
    if (error instanceof RunAborted) {
      const timings = timingsNow();
      reportEach(whyAborted(first.signal), timings);
      return turns.map(({ signal }, index) => aborted(signal, timings[index]?.runMs ?? 0));
    }
    if (!(error instanceof EdgeRunError)) throw error;
    reportEach(error.fault, timingsNow());
    if (mustDrop(error, purpose, learned, Math.max(...tokens))) {
      broken.add(ready);
      parts.drop(ready);
    }
    // Only after the drop: a request that runs meanwhile must not find this model.
    await letClockMove(clock);
    return turns.map(() => failed(error.fault));
  }
}

interface Timings {
  queueMs: number;
  runMs: number;
}

/**
 * The time of a run, divided among its texts as predicted: their run times add up to the CPU time. The rest of a text's time at the
 * edge, from its place in the queue to the end of the run, is its wait.
 */
function timingsOf(turns: readonly Turn<EdgeText>[], run: { beganAtMs: number; runMs: number }): Timings[] {
  const predicted = turns.map(({ item }) => item.learned.predictedMs(item.tokenIds.length));
  const sum = predicted.reduce((total, ms) => total + ms, 0);
  return turns.map(({ joinedAtMs }, index) => {
    const share = sum > 0 ? (predicted[index] ?? 0) / sum : 1 / turns.length;
    const runMs = run.runMs * share;
    return { queueMs: run.beganAtMs + run.runMs - joinedAtMs - runMs, runMs };
  });
}

/**
 * A trap leaves the engine in an unknown state, and a heap in which a short text does not fit is spent: the next request loads a new
 * model. A shadow teaches nothing about the heap.
 */
function mustDrop({ fault }: EdgeRunError, purpose: EdgeText["purpose"], learned: LearnedLimits, tokens: number) {
  if (fault === "crashed") return true;
  return purpose === "answer" && fault === "out-of-memory" && !learned.learnsOutOfMemory(tokens);
}

/** In production the clock moves only across I/O; without this, a run of one step would measure 0 ms. */
async function letClockMove(clock: Clock): Promise<void> {
  await clock.wait(0);
}

/** Neither a text that does not fit nor a caller who is gone is a fault of the engine. */
function outcomeOf(settled: { ok: true } | { ok: false; error: unknown }): "success" | "failure" | "ignored" {
  if (settled.ok) return "success";
  const { error } = settled;
  if (error instanceof RunAborted) return "ignored";
  return error instanceof EdgeRunError && error.fault === "out-of-memory" ? "ignored" : "failure";
}

function answerOf({ opened }: Ready, tokens: number, logits: Float32Array, timings: Timings): SideAnswer {
  return { ...classifierOf(opened), windows: [{ tokens, logits: Array.from(logits) }], timings };
}

/** A failure of the edge that another side may recover. */
export function failed(reason: FailureReason): SideResult {
  return { ok: false, failure: { reason, kind: "failed" } };
}

/** @param ranMs CPU time that the run has cost until it ended */
function aborted(signal: AbortSignal, ranMs: number): SideResult {
  // A run that a later one ended, because its turn had expired: its caller still waits.
  if (!signal.aborted) return failed("engine-error");
  return { ok: false, failure: { reason: whyAborted(signal), kind: "aborted", ranMs } };
}
