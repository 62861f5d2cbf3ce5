/** Calls the Lambda origin: one signed request, a deadline, an answer of the contract's shape or a reason why not. */
import { ORIGIN_MAX_TOKENS, originAnswerSchema } from "../../lambda-origin/contract.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Breaker } from "../breaker/breaker.ts";
import type { CallOutcome } from "../breaker/classify.ts";
import type { Conditions } from "../decide/decide.ts";
import type { Call, Origin, SideAnswer, SideResult } from "../world.ts";
import { OriginFault, toFailure } from "./fault.ts";
import type { SignedFetch } from "./signed-fetch.ts";

export interface OriginParts {
  fetch: SignedFetch;
  breaker: Breaker;
  clock: { nowMs(): number };
}

export class LambdaOrigin implements Origin {
  readonly #parts: OriginParts;

  constructor(parts: OriginParts) {
    this.#parts = parts;
  }

  obey({ breaker }: Policy): void {
    const { failureRate, ...settings } = breaker.origin;
    this.#parts.breaker.configure({ ...settings, failureRatePercent: failureRate });
  }

  conditions(): Conditions["origin"] {
    const { breaker } = this.#parts;
    const { state, retryAtMs } = breaker.status();
    // While a probe is under way the next moment decides, not the probe's lease.
    return { breakerAllows: breaker.allows(), retryAtMs: state === "open" ? retryAtMs : null };
  }

  status() {
    return this.#parts.breaker.status();
  }

  async call(text: string, timeoutMs: number, call: Call): Promise<SideResult> {
    try {
      const answer = await this.#parts.breaker.run(() => this.#ask(text, timeoutMs, call), outcomeOf);
      return { ok: true, answer };
    } catch (error) {
      return { ok: false, failure: toFailure(error) };
    }
  }

  async #ask(text: string, timeoutMs: number, call: Call): Promise<SideAnswer> {
    const startedAtMs = this.#parts.clock.nowMs();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const body = JSON.stringify({ text, maxTokens: ORIGIN_MAX_TOKENS });
      const response = await this.#parts.fetch(body, AbortSignal.any([timeout, call.signal]));
      if (!response.ok) {
        await response.body?.cancel();
        throw new OriginFault({ status: response.status });
      }
      const parsed = originAnswerSchema.safeParse(await readJson(response));
      if (!parsed.success) throw new OriginFault("bad-answer");
      const { model, labels, problemType, windows } = parsed.data;
      if (windows.some(({ logits }) => logits.length !== labels.length)) throw new OriginFault("bad-answer");
      const runMs = this.#parts.clock.nowMs() - startedAtMs;
      return { model, labels, problemType, windows, timings: { runMs } };
    } catch (error) {
      if (error instanceof OriginFault) throw error;
      if (call.signal.aborted) throw new OriginFault("caller-gone");
      throw new OriginFault(timeout.aborted ? "timeout" : "network");
    }
  }
}

async function readJson(response: Response): Promise<unknown> {
  const body = await response.text();
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
