/** The origin's HTTP interface: one text or pair in, one row of logits per window out. The wire format is formats/origin-wire.ts. */
import { Hono } from "hono";
import { tokensWithin } from "../formats/model-package/window-time.ts";
import {
  type OriginAnswer,
  type OriginError,
  type OriginRequest,
  originRequestSchema,
  SPECIAL_TOKENS_HEADER,
  TIMEOUT_HEADER,
  textIn,
} from "../formats/origin-wire.ts";
import type { Attributes } from "../formats/otlp/attributes.ts";
import { errorType } from "../formats/otlp/error-type.ts";
import type { Encoded, TextOrPair, Tokens } from "../formats/tokenizer/tokenizer.ts";
import type { LoadedModel, Model } from "./model.ts";
import { inSpan, recordFacts, withAccount } from "./telemetry/active.ts";
import { contentTokens, mostTokens, windowsOf } from "./windows.ts";

const STATUS = { malformed: 400, "too-large": 413, "no-pairs": 422, "model-unavailable": 503, internal: 500 } as const;

/** Serves `POST /` only. */
export function createApp(loaded: LoadedModel): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const timeoutMs = Number(context.req.header(TIMEOUT_HEADER) || Number.NaN);
    const result = await classify(await context.req.text(), loaded, timeoutMs);
    if (!result.ok) return refusal(result.refusal);
    const headers = { [SPECIAL_TOKENS_HEADER]: String(result.specialTokens) };
    return Response.json(withAccount(result.answer, 200), { headers });
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

type Classified = { ok: true; answer: OriginAnswer; specialTokens: number } | { ok: false; refusal: OriginError };

/** What the model runs at once: a piece of a text, or a pair. */
interface Window {
  ids: readonly number[];
  typeIds: readonly number[];
  /** Without special tokens. */
  contentTokens: number;
}

/**
 * parse → model → tokenize → cut into windows → infer. Errors contain kinds and limits, never the text.
 * @param timeoutMs of the caller; not a number if it stated none
 */
export async function classify(body: string, loaded: LoadedModel, timeoutMs: number): Promise<Classified> {
  const request = parseRequest(body);
  if (!request)
    return refuse("malformed", 'expected {"text": string, "textPair"?: string, "maxTokens": integer of at least 1}');
  if (!loaded.ok) {
    recordFacts({ "error.type": "model-unavailable" });
    return refuse("model-unavailable", "the model could not be loaded");
  }
  const { model } = loaded;
  recordFacts({ "spillway.model": model.id });
  const text = textIn(request);
  if (typeof text !== "string" && !model.tokenizer.acceptsPairs) {
    return refuse("no-pairs", "the model's tokenizer has no form for two texts");
  }
  const specialTokens = model.tokenizer.specialTokensOf(text);
  const tokens = await tokenize(
    text,
    { maxTokens: allowedTokens(text, { ...request, timeoutMs }, model), specialTokens },
    model,
  );
  if (typeof tokens === "string") return refuse("too-large", tokens);
  // A model without special tokens has nothing to run then.
  if (tokens.ids.length + specialTokens === 0) return refuse("malformed", "the text has no tokens");
  const windows = await cut(text, tokens, model);
  return { ok: true, answer: await infer(windows, model), specialTokens };
}

/**
 * Without special tokens. A pair is not cut: what its second text means depends on all of the first. The gateway may not know the package, so
 * the function too refuses what would not be answered in time.
 */
function allowedTokens(
  text: TextOrPair,
  { maxTokens, timeoutMs }: OriginRequest & { timeoutMs: number },
  model: Model,
): number {
  const { tokenizer, labels, windowTokens, fullWindow } = model;
  const most =
    typeof text === "string"
      ? mostTokens(labels.length, tokenizer.frame, windowTokens)
      : windowTokens - tokenizer.specialTokensOf(text);
  const allowed = Math.min(maxTokens, most);
  return timeoutMs > 0 ? tokensWithin(timeoutMs, fullWindow, allowed) : allowed;
}

function parseRequest(body: string): OriginRequest | undefined {
  try {
    return originRequestSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

interface Limit {
  /** Without special tokens. */
  maxTokens: number;
  specialTokens: number;
}

/**
 * Stops as soon as the text has more tokens than are allowed.
 * @returns the tokens, of a text its content and of a pair the whole; or why there are none. The text decides either, so neither counts
 * against the origin's health.
 */
function tokenize(text: TextOrPair, limit: Limit, model: Model): Promise<Tokens | string> {
  return inSpan("tokenize", {}, (record) => {
    const encoded = encode(text, limit, model);
    const added = typeof text === "string" ? 0 : limit.specialTokens;
    const facts =
      typeof encoded === "string" ? { "error.type": encoded } : { "spillway.tokens": countOf(encoded) - added };
    record(facts);
    recordFacts(facts);
    if (typeof encoded === "string") return "the text cannot be tokenized";
    if (encoded.kind === "tokens") return encoded;
    const what = typeof text === "string" ? "text" : "pair";
    return `the ${what} has more than ${limit.maxTokens} tokens, the most that are allowed`;
  });
}

/** Or the name of an error: its message could quote the text. */
function encode(text: TextOrPair, { maxTokens, specialTokens }: Limit, { tokenizer }: Model): Encoded | string {
  try {
    const encoding =
      typeof text === "string"
        ? tokenizer.encodeContent(text, maxTokens)
        : tokenizer.encode(text, maxTokens + specialTokens);
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

function cut(text: TextOrPair, tokens: Tokens, model: Model): Promise<Window[]> {
  return inSpan("windows", {}, (record) => {
    const windows =
      typeof text === "string" ? framedWindows(tokens, model) : [wholePair(text, tokens, model.tokenizer)];
    const facts = { "spillway.windows": windows.length };
    record(facts);
    recordFacts(facts);
    return windows;
  });
}

function framedWindows({ ids }: Tokens, { tokenizer, windowTokens }: Model): Window[] {
  const { frame, framedTypeIds } = tokenizer;
  return windowsOf(ids, frame, windowTokens).map((window) => {
    const count = contentTokens(window, frame);
    return { ids: window, typeIds: framedTypeIds(count), contentTokens: count };
  });
}

function wholePair(pair: TextOrPair, { ids, typeIds }: Tokens, { specialTokensOf }: Model["tokenizer"]): Window {
  return { ids, typeIds, contentTokens: ids.length - specialTokensOf(pair) };
}

async function infer(windows: readonly Window[], model: Model): Promise<OriginAnswer> {
  const tokens = windows.map((window) => window.contentTokens);
  const rows = await inSpan("inference", inferenceFacts(model, tokens), async (record) => {
    const startedAtMs = performance.now();
    const logits = await model.infer(
      windows.map(({ ids }) => ids),
      windows.map(({ typeIds }) => typeIds),
    );
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
