/** The invocation under way, for the code that answers it. Outside of one, work runs and nothing is recorded. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { OriginAccount } from "../../formats/origin-wire.ts";
import type { Attributes } from "../../formats/otlp/attributes.ts";
import { errorType } from "../../formats/otlp/error-type.ts";
import type { Invocation } from "./invocation.ts";
import { markFailed, type Span, setAttributes } from "./trace.ts";

const active = new AsyncLocalStorage<{ readonly invocation: Invocation; readonly span: Span }>();

/** Runs `work` as a part of the invocation. */
export function runAs<T>(invocation: Invocation, work: () => T): T {
  return active.run({ invocation, span: invocation.server }, work);
}

/** Runs `work` as a child span; `record` adds attributes to it. What `work` throws is thrown on, and marks the span as failed. */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (record: (more: Attributes) => void) => Promise<T> | T,
): Promise<T> {
  const parent = active.getStore();
  if (!parent) return work(() => {});
  const { invocation } = parent;
  const span = invocation.trace.start({ name, kind: "internal", parentSpanId: parent.span.spanId, attributes });
  try {
    return await active.run({ invocation, span }, () => work((more) => setAttributes(span, more)));
  } catch (error) {
    markFailed(span, errorType(error));
    throw error;
  } finally {
    invocation.trace.end(span);
  }
}

/** Records facts of the whole request, on its SERVER span and in its log record. `error.type` is the reason of a 5xx. */
export function recordFacts(facts: Attributes): void {
  active.getStore()?.invocation.record(facts);
}

/** Adds to an answer or a refusal what it cost and, where the gateway sends them, its spans. The last step before it is written. */
export function withAccount<T>(body: T, status: number): T & OriginAccount {
  return { ...body, ...active.getStore()?.invocation.account(status) };
}
