/** The invocation under way, for the code that answers it. Outside of one everything here just runs. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { OriginAccount } from "../../formats/origin-wire.ts";
import type { Attributes } from "../../formats/otlp/attributes.ts";
import type { Invocation } from "./invocation.ts";
import { errorType, markFailed, type Span, setAttributes } from "./trace.ts";

const active = new AsyncLocalStorage<{ readonly invocation: Invocation; readonly span: Span }>();

export function runAs<T>(invocation: Invocation, work: () => T): T {
  return active.run({ invocation, span: invocation.server }, work);
}

/** Runs `work` as a child span; `record` adds attributes to it. */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (record: (more: Attributes) => void) => Promise<T> | T,
): Promise<T> {
  const parent = active.getStore();
  if (!parent) return work(() => {});
  const { invocation } = parent;
  const span = invocation.trace.start(name, "internal", parent.span.spanId, attributes);
  try {
    return await active.run({ invocation, span }, () => work((more) => setAttributes(span, more)));
  } catch (error) {
    markFailed(span, errorType(error));
    throw error;
  } finally {
    invocation.trace.end(span);
  }
}

/** Facts of the whole request. `error.type` says why a 5xx is one. */
export function recordFacts(facts: Attributes): void {
  active.getStore()?.invocation.record(facts);
}

/** An answer or a refusal with what it cost and, where the gateway is to send them, its spans. The last step before it is written. */
export function withAccount<T>(body: T, status: number): T & OriginAccount {
  return { ...body, ...active.getStore()?.invocation.account(status) };
}
