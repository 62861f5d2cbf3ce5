/**
 * The wire format between the gateway and the Lambda origin.
 *
 * `POST /` of the Function URL accepts one text, or a pair, and returns one row of logits per window. The gateway computes the scores of both
 * sides from logits, so that they do not depend on the side.
 */
import * as z from "zod";
import { MODEL_ID } from "./model-package/names.ts";
import type { TextOrPair } from "./tokenizer/tokenizer.ts";

/** Most tokens in a window, special tokens included, of a package that states no other number: DistilBERT's position table. */
export const WINDOW_TOKENS = 512;

/** The origin refuses texts with more tokens with 413, whatever the gateway's limit is. */
export const MAX_ORIGIN_TOKENS = 16_384;

export const originRequestSchema = z.strictObject({
  /** The text to classify. It is never logged or stored. */
  text: z.string(),
  /** The second text of a pair. An older function refuses a request that has it: 400. */
  textPair: z.string().optional(),
  /** Most tokens for this request: the policy's limit, which may be lower than MAX_ORIGIN_TOKENS. */
  maxTokens: z.int().positive().max(MAX_ORIGIN_TOKENS),
});
export type OriginRequest = z.infer<typeof originRequestSchema>;

/** The request for a text or a pair. */
export function originRequestOf(text: TextOrPair, maxTokens: number): OriginRequest {
  return typeof text === "string" ? { text, maxTokens } : { ...text, maxTokens };
}

/** What a request asks to classify. */
export function textIn({ text, textPair }: OriginRequest): TextOrPair {
  return textPair === undefined ? text : { text, textPair };
}

/** Answers over these limits are not from a model: scores of larger logits would not be finite, and headers and memory are bounded. */
const MAX_LOGIT = 1e6;
export const MAX_LABELS = 1024;
export const MAX_LABEL_CHARACTERS = 200;
/** An answer with more logits would be too large to read. A text that needs more windows is refused with 413. */
export const MAX_ANSWER_LOGITS = 64 * MAX_LABELS;
/** More than 16,384 tokens in windows of the fewest tokens that a package may have. */
const MAX_WINDOWS = 2048;
/** AWS's limit for an invocation. */
const MAX_DURATION_MS = 900_000;
/** AWS's limit is 10 GiB. Outside AWS, the function reports the memory of its machine. */
const MAX_MEMORY_MIB = 1_048_576;

interface OriginWindow {
  /** Tokens of the text in this window, without the special tokens: the window's weight in the mean. */
  tokens: number;
  /** One logit per label, in the order of `labels`. */
  logits: number[];
}

/** Not a schema of each number: it would make objects for each of 65,536, and an issue for each wrong one. */
function isWindows(value: unknown): value is OriginWindow[] {
  return Array.isArray(value) && value.length >= 1 && value.length <= MAX_WINDOWS && value.every(isWindow);
}

function isWindow(value: unknown): value is OriginWindow {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 2) return false;
  const { tokens, logits }: { tokens?: unknown; logits?: unknown } = value;
  const isWeight = Number.isInteger(tokens) && typeof tokens === "number" && tokens >= 0 && tokens <= MAX_ORIGIN_TOKENS;
  if (!isWeight || !Array.isArray(logits) || logits.length < 1 || logits.length > MAX_LABELS) return false;
  return logits.every((logit) => typeof logit === "number" && Math.abs(logit) <= MAX_LOGIT);
}

/** A list whose length is checked before its items: a schema makes an issue for each wrong item. */
function listOf<T extends z.ZodType>(item: T, max: number) {
  return z.custom<unknown[]>((value) => Array.isArray(value) && value.length <= max).pipe(z.array(item));
}

/** The function's billed resources, from which the gateway estimates the price. */
const originUsageSchema = z.strictObject({
  /** From the start of the handler until the answer is known, in ms: the duration of its SERVER span. */
  durationMs: z.number().nonnegative().max(MAX_DURATION_MS),
  /** Duration of the instance's INIT, which AWS bills too, in ms; 0 for a warm instance. */
  initMs: z.number().nonnegative().max(MAX_DURATION_MS),
  memoryMiB: z.int().positive().max(MAX_MEMORY_MIB),
});
export type OriginUsage = z.infer<typeof originUsageSchema>;

const MAX_SPANS = 64;
/** Of a span, or of the resource. */
const MAX_ATTRIBUTES = 64;

const ID = (hexDigits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${hexDigits}}$`));
const unixNano = z.string().regex(/^\d{1,20}$/);
const attributeValue = z.union([z.string().max(200), z.number(), z.boolean()]);
const attributesSchema = z
  .custom<object>((value) => typeof value === "object" && value !== null && Object.keys(value).length <= MAX_ATTRIBUTES)
  .pipe(z.record(z.string(), attributeValue));
const originSpanSchema = z.strictObject({
  spanId: ID(16),
  parentSpanId: ID(16),
  name: z.string().max(200),
  kind: z.enum(["internal", "server"]),
  startUnixNano: unixNano,
  endUnixNano: unixNano,
  attributes: attributesSchema,
});
export type OriginSpan = z.infer<typeof originSpanSchema>;

/**
 * The function's spans. It returns them to the gateway instead of exporting them if the caller's `traceparent` is not sampled: only
 * the gateway knows whether the trace is kept after all, because of an error, a fallback or a slow answer.
 */
const originTraceSchema = z.strictObject({
  resource: attributesSchema,
  spans: listOf(originSpanSchema, MAX_SPANS),
});
export type OriginTrace = z.infer<typeof originTraceSchema>;

/**
 * Request header: the gateway's timeout in ms. After it the gateway no longer reads the answer, so the function exports its spans
 * itself. It is a header and not a field of the body, so that an older function accepts requests of a newer gateway.
 */
export const TIMEOUT_HEADER = "x-spillway-timeout-ms";

/**
 * Answer header: how many special tokens the text has, which no window counts. It is a header and not a field of the body, so that an
 * older gateway accepts answers of a newer function.
 */
export const SPECIAL_TOKENS_HEADER = "x-spillway-special-tokens";

/** Undefined for a function that does not report them. */
export function specialTokensIn(headers: Headers): number | undefined {
  const value = headers.get(SPECIAL_TOKENS_HEADER) ?? "";
  return /^\d{1,2}$/.test(value) ? Number(value) : undefined;
}

/** Cost and spans of the function's part. An older function's answers do not have them. */
const originAccount = { usage: originUsageSchema.optional(), trace: originTraceSchema.optional() };
export interface OriginAccount {
  usage?: OriginUsage | undefined;
  trace?: OriginTrace | undefined;
}

export const originAnswerSchema = z.strictObject({
  /** `<name>@<SHA-256 of the manifest>` of the model that answered. */
  model: z.string().max(200).regex(MODEL_ID),
  labels: listOf(z.string().max(MAX_LABEL_CHARACTERS), MAX_LABELS).refine(
    (labels) => labels.length > 0 && new Set(labels).size === labels.length,
    "at least one label, each once",
  ),
  problemType: z.enum(["single_label_classification", "multi_label_classification"]),
  /** In the order of the text. An empty text has one window of 0 tokens. */
  windows: z.custom<OriginWindow[]>(isWindows),
  ...originAccount,
});
export type OriginAnswer = z.infer<typeof originAnswerSchema>;

/** Not strict: an older gateway accepts errors of a newer function. */
export const originErrorSchema = z.object({
  error: z.string(),
  /** `no-pairs`: the model has no form for two texts. */
  error_type: z.enum(["malformed", "too-large", "no-pairs", "model-unavailable", "internal"]),
  ...originAccount,
});
export type OriginError = z.infer<typeof originErrorSchema>;
