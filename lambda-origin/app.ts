/** The origin's HTTP interface: one text in, one row of logits per window out. The wire format is formats/origin-wire.ts. */
import { Hono } from "hono";
import {
  type OriginAnswer,
  type OriginError,
  type OriginRequest,
  originRequestSchema,
} from "../formats/origin-wire.ts";
import type { Attributes } from "../formats/otlp/attributes.ts";
import { errorType } from "../formats/otlp/error-type.ts";
import type { Encoded } from "../formats/tokenizer/tokenizer.ts";
import type { LoadedModel, Model } from "./model.ts";
import { inSpan, recordFacts, withAccount } from "./telemetry/active.ts";
import { contentTokens, mostTokens, windowsOf } from "./windows.ts";

const STATUS = { malformed: 400, "too-large": 413, "model-unavailable": 503, internal: 500 } as const;

/** Serves `POST /` only. */
export function createApp(loaded: LoadedModel): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const result = await classify(await context.req.text(), loaded);
    return result.ok ? Response.json(withAccount(result.answer, 200)) : refusal(result.refusal);
  });
  app.notFound(() => refusal({ error: "only POST / is served", error_type: "malformed" }, 404));
  app.onError((error) => {
    // Only the error's name: a message of the tokenizer or the runtime could quote the text.
    recordFacts({ "error.type": errorType(error) });
    return refusal({ error: "internal error", error_type: "internal" });
  });
  return app;
}

function refusal(body: OriginError, status: number = STATUS[body.error_type]): Response {
  return Response.json(withAccount(body, status), { status });
}

type Classified = { ok: true; answer: OriginAnswer } | { ok: false; refusal: OriginError };

/** parse → model → tokenize → cut into windows → infer. Errors contain kinds and limits, never the text. */
export async function classify(body: string, loaded: LoadedModel): Promise<Classified> {
  const request = parseRequest(body);
  if (!request) return refuse("malformed", 'expected {"text": string, "maxTokens": integer of at least 1}');
  if (!loaded.ok) {
    recordFacts({ "error.type": "model-unavailable" });
    return refuse("model-unavailable", "the model could not be loaded");
  }
  recordFacts({ "spillway.model": loaded.model.id });
  const { labels, tokenizer, windowTokens } = loaded.model;
  const maxTokens = Math.min(request.maxTokens, mostTokens(labels.length, tokenizer.frame, windowTokens));
  const tokens = await tokenize({ ...request, maxTokens }, loaded.model);
  if (typeof tokens === "string") return refuse("too-large", tokens);
  const { before, after } = loaded.model.tokenizer.frame;
  // A model without special tokens has nothing to run then.
  if (tokens.length + before.length + after.length === 0) return refuse("malformed", "the text has no tokens");
  return { ok: true, answer: await infer(await cut(tokens, loaded.model), loaded.model) };
}

function parseRequest(body: string): OriginRequest | undefined {
  try {
    return originRequestSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/**
 * Stops as soon as the text has more tokens than are allowed.
 * @returns the ids, or why there are none. The text decides either, so neither counts against the origin's health.
 */
function tokenize({ text, maxTokens }: OriginRequest, model: Model): Promise<number[] | string> {
  return inSpan("tokenize", {}, (record) => {
    const encoded = encode(text, maxTokens, model);
    const facts = typeof encoded === "string" ? { "error.type": encoded } : { "spillway.tokens": countOf(encoded) };
    record(facts);
    recordFacts(facts);
    if (typeof encoded === "string") return "the text cannot be tokenized";
    return encoded.kind === "tokens"
      ? encoded.ids
      : `the text has more than ${maxTokens} tokens, the most that are allowed`;
  });
}

/** Or the name of an error: its message could quote the text. */
function encode(text: string, maxTokens: number, model: Model): Encoded | string {
  try {
    const encoding = model.tokenizer.encodeContent(text, maxTokens);
    for (;;) {
      const encoded = encoding.next();
      if (encoded !== null) return encoded;
    }
  } catch (error) {
    return errorType(error);
  }
}

function countOf(encoded: Encoded): number {
  return encoded.kind === "tokens" ? encoded.ids.length : encoded.atLeast;
}

function cut(ids: readonly number[], model: Model): Promise<number[][]> {
  return inSpan("windows", {}, (record) => {
    const windows = windowsOf(ids, model.tokenizer.frame, model.windowTokens);
    const facts = { "spillway.windows": windows.length };
    record(facts);
    recordFacts(facts);
    return windows;
  });
}

async function infer(windows: readonly number[][], model: Model): Promise<OriginAnswer> {
  const tokens = windows.map((window) => contentTokens(window, model.tokenizer.frame));
  const rows = await inSpan("inference", inferenceFacts(model, tokens), async (record) => {
    const startedAtMs = performance.now();
    const logits = await model.infer(windows);
    record({ "spillway.origin.inference_ms": performance.now() - startedAtMs });
    return logits;
  });
  return {
    model: model.id,
    labels: model.labels,
    problemType: model.problemType,
    windows: tokens.map((count, index) => ({ tokens: count, logits: rows[index] ?? [] })),
  };
}

function inferenceFacts(model: Model, tokens: readonly number[]): Attributes {
  const sum = tokens.reduce((total, count) => total + count, 0);
  return { "spillway.model": model.id, "spillway.windows": tokens.length, "spillway.tokens": sum };
}

function refuse(error_type: OriginError["error_type"], error: string): Classified {
  return { ok: false, refusal: { error, error_type } };
}
