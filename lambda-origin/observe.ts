/** What is worth knowing about one request besides its answer. Numbers only: never the text or anything made from it. */
export type RequestFacts = {
  modelId?: string;
  contentTokens?: number;
  windows?: number;
  tokenizeMs?: number;
  inferMs?: number;
};

/**
 * The one place where a span around a request starts (with the caller's `traceparent` from `headers`), gets its facts, and
 * is flushed before the answer leaves: once the handler has returned, Lambda freezes the process.
 */
export type Observe = (headers: Headers, answer: (facts: RequestFacts) => Promise<Response>) => Promise<Response>;

export const unobserved: Observe = (_headers, answer) => answer({});
