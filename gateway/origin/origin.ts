/** Calls the Lambda origin: one signed request, a deadline, an answer of the contract's shape or a reason why not. */
import { type OriginError, originAnswerSchema, originErrorSchema } from "../../lambda-origin/contract.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Breaker } from "../breaker/breaker.ts";
import type { CallOutcome } from "../breaker/classify.ts";
import type { OriginConditions } from "../decide/facts.ts";
import type { Report } from "../event.ts";
import type { FailureReason } from "../failure.ts";
import { RecentP95 } from "../recent-p95.ts";
import {
  type Call,
  type Classifier,
  type OriginLimits,
  type OriginStatus,
  type SideAnswer,
  type SideResult,
  whyGone,
} from "../world.ts";
import { readAnswer } from "./answer-body.ts";
import { OriginFault, retryAfterMs, toFailure } from "./fault.ts";
import type { SignedFetch } from "./signed-fetch.ts";

export interface OriginParts {
  /** The policy's for it. */
  name: string;
  fetch: SignedFetch;
  breaker: Breaker;
  clock: { nowMs(): number };
  report: Report;
  /** What the edge knows of its own package. */
  edgeClassifier(): Classifier | null;
}

export class LambdaOrigin {
  readonly #latency = new RecentP95();
  #classifier: Classifier | null = null;
  #lastFailure: FailureReason | null = null;
  readonly #parts: OriginParts;

  constructor(parts: OriginParts) {
    this.#parts = parts;
  }

  obey({ breaker }: Policy): void {
    const { failureRate, ...settings } = breaker.origin;
    this.#parts.breaker.configure({ ...settings, failureRatePercent: failureRate });
  }

  conditions(): Omit<OriginConditions, "name" | "weight"> {
    const { breaker, clock } = this.#parts;
    const { state, retryAtMs } = breaker.status();
    // While a probe is under way the next moment decides, not the probe's lease.
    return {
      breakerAllows: breaker.allows(),
      retryAtMs: state === "open" ? retryAtMs : null,
      p95Ms: this.#latency.p95Ms(clock.nowMs()),
    };
  }

  status(): OriginStatus {
    return {
      breaker: this.#parts.breaker.status(),
      p95Ms: this.#latency.p95Ms(this.#parts.clock.nowMs()),
      classifier: this.#classifier,
      lastFailure: this.#lastFailure,
    };
  }

  async call(text: string, limits: OriginLimits, call: Call): Promise<SideResult> {
    const { name, clock, report } = this.#parts;
    const startedAtMs = clock.nowMs();
    const result = await this.#tried(text, limits, call);
    const outcome = result.ok ? "ok" : result.failure.reason;
    if (!call.isShadow && outcome !== "breaker-open") {
      report({ kind: "origin-call", origin: name, outcome, tookMs: clock.nowMs() - startedAtMs });
    }
    return result;
  }

  async #tried(text: string, limits: OriginLimits, call: Call): Promise<SideResult> {
    try {
      const ask = () => this.#ask(text, limits, call);
      const answer = call.isShadow ? await ask() : await this.#parts.breaker.run(ask, outcomeOf);
      this.#lastFailure = null;
      return { ok: true, answer };
    } catch (error) {
      const failure = toFailure(error);
      // A breaker that refuses says nothing new of the origin, and neither does a caller who leaves.
      if (failure.reason !== "breaker-open" && failure.kind !== "aborted") this.#lastFailure = failure.reason;
      return { ok: false, failure };
    }
  }

  async #ask(text: string, { timeoutMs, maxTokens }: OriginLimits, call: Call): Promise<SideAnswer> {
    const { clock } = this.#parts;
    const startedAtMs = clock.nowMs();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const body = JSON.stringify({ text, maxTokens });
      const response = await this.#parts.fetch(body, AbortSignal.any([timeout, call.signal]), timeoutMs);
      if (!response.ok) throw await faultOf(response);
      const parsed = originAnswerSchema.safeParse(await readJson(response));
      if (!parsed.success) throw new OriginFault("bad-answer");
      const { model, labels, problemType, windows, usage, trace } = parsed.data;
      if (windows.some(({ logits }) => logits.length !== labels.length)) throw new OriginFault("bad-answer");
      const classifier = { model, labels, problemType };
      if (contradicts(classifier, this.#parts.edgeClassifier())) throw new OriginFault("bad-answer");
      this.#classifier = classifier;
      const runMs = clock.nowMs() - startedAtMs;
      if (!call.isShadow) this.#latency.observe(runMs, clock.nowMs());
      return { ...classifier, windows, timings: { runMs }, usage, trace };
    } catch (error) {
      if (error instanceof OriginFault) throw error;
      const gone = call.signal.aborted ? whyGone(call.signal) : null;
      // A quick refusal or reset says nothing of speed, and neither does a caller who leaves.
      if (!call.isShadow && gone !== "caller-gone" && (gone !== null || timeout.aborted)) {
        this.#latency.observe(clock.nowMs() - startedAtMs, clock.nowMs());
      }
      throw new OriginFault(gone ?? (timeout.aborted ? "timeout" : "network"));
    }
  }
}

/** One package has one list of labels, in one order: what says otherwise in its name is not to be believed. */
function contradicts(origin: Classifier, edge: Classifier | null): boolean {
  if (edge === null || edge.model !== origin.model) return false;
  const sameLabels =
    edge.labels.length === origin.labels.length && edge.labels.every((label, index) => label === origin.labels[index]);
  return !sameLabels || edge.problemType !== origin.problemType;
}

/**
 * With what our own function has more to say: why there is a 503, and of a refusal its spans and its cost. Whatever else stands
 * before it is known by its status, and a second try waits for the body of no other failure.
 */
const TELLING: ReadonlySet<number> = new Set([400, 404, 413, 503]);

async function faultOf(response: Response): Promise<OriginFault> {
  const { status } = response;
  const said = TELLING.has(status) ? await errorIn(response) : await response.body?.cancel();
  if (status === 503 && said?.error_type === "model-unavailable") return new OriginFault("model-unavailable");
  const { usage, trace } = said ?? {};
  return new OriginFault({ status, retryAfterMs: retryAfterMs(response.headers), account: { usage, trace } });
}

async function errorIn(response: Response): Promise<OriginError | undefined> {
  return originErrorSchema.safeParse(await readJson(response).catch(() => null)).data;
}

async function readJson(response: Response): Promise<unknown> {
  const body = await readAnswer(response);
  if (body === null) throw new OriginFault("bad-answer");
  try {
    return JSON.parse(body);
  } catch {
    throw new OriginFault("bad-answer");
  }
}

function outcomeOf(settled: { ok: true } | { ok: false; error: unknown }): CallOutcome {
  if (settled.ok) return "success";
  return toFailure(settled.error).kind === "failed" ? "failure" : "ignored";
}
