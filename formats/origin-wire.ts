/**
 * The wire between the gateway and the Lambda origin: the only file that both sides import.
 *
 * `POST /` of the Function URL takes one text and answers with one row of logits per window. The gateway turns logits into
 * scores for both sides, so an answer cannot depend on which side computed it.
 */
import { z } from "zod";
import { MODEL_ID } from "./model-package/names.ts";

/** A window holds at most this many tokens, the two special ones included (DistilBERT's position table). */
export const WINDOW_TOKENS = 512;

/** More tokens than this are refused by the origin with 413, whatever the gateway let through. */
export const ORIGIN_MAX_TOKENS = 16_384;

export const originRequestSchema = z.strictObject({
  /** The text to classify; never logged, never stored. */
  text: z.string(),
  /** Upper bound on tokens for this request; the gateway's policy may be stricter than ORIGIN_MAX_TOKENS. */
  maxTokens: z.int().positive().max(ORIGIN_MAX_TOKENS),
});
export type OriginRequest = z.infer<typeof originRequestSchema>;

/** What is over these is no model's answer. Scores of larger logits would not be finite, and headers and memory have ends. */
const LOGIT_MAX = 1e6;
export const LABELS_MAX = 1024;
export const LABEL_MAX_CHARACTERS = 200;
const WINDOWS_MAX = 64;
/** Of an invocation, by AWS. */
const DURATION_MAX_MS = 900_000;
/** AWS has 10 GiB; outside of it the function says what its machine has. */
const MEMORY_MAX_MIB = 1_048_576;

const originWindowSchema = z.strictObject({
  /** Tokens of the text in this window (special tokens not counted): the window's weight in the mean. */
  tokens: z.int().nonnegative().max(ORIGIN_MAX_TOKENS),
  /** One raw logit per label, in the order of `labels`. */
  logits: z.array(z.number().min(-LOGIT_MAX).max(LOGIT_MAX)).min(1).max(LABELS_MAX),
});

/** What it cost the function, for the estimate of its price. */
const originUsageSchema = z.strictObject({
  /** From the handler's start until the answer is known, in ms: as long as its SERVER span. */
  durationMs: z.number().nonnegative().max(DURATION_MAX_MS),
  /** INIT of the instance, which AWS bills too, in ms; 0 where it was warm. */
  initMs: z.number().nonnegative().max(DURATION_MAX_MS),
  memoryMiB: z.int().positive().max(MEMORY_MAX_MIB),
});
export type OriginUsage = z.infer<typeof originUsageSchema>;

const ID = (hexDigits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${hexDigits}}$`));
const unixNano = z.string().regex(/^\d{1,20}$/);
const attributeValue = z.union([z.string().max(200), z.number(), z.boolean()]);
const originSpanSchema = z.strictObject({
  spanId: ID(16),
  parentSpanId: ID(16),
  name: z.string().max(200),
  kind: z.enum(["internal", "server"]),
  startUnixNano: unixNano,
  endUnixNano: unixNano,
  attributes: z.record(z.string(), attributeValue),
});
export type OriginSpan = z.infer<typeof originSpanSchema>;

/**
 * The function's spans, handed to the gateway instead of to the trace backend, where the caller's `traceparent` says that the
 * trace is not sampled: whether it is kept after all (an error, a fallback, a slow answer) shows only at the gateway.
 */
const originTraceSchema = z.strictObject({
  resource: z.record(z.string(), attributeValue),
  spans: z.array(originSpanSchema).max(64),
});
export type OriginTrace = z.infer<typeof originTraceSchema>;

/**
 * Request header: after so many ms the gateway has given up. An answer that comes later finds nobody to hand its spans to, so the
 * function exports them itself. A header, and not a field, so that an older function takes requests of a newer gateway.
 */
export const TIMEOUT_HEADER = "x-spillway-timeout-ms";

/** What the function says of its own part. Absent from a function older than these fields. */
const originAccount = { usage: originUsageSchema.optional(), trace: originTraceSchema.optional() };
export type OriginAccount = { usage?: OriginUsage | undefined; trace?: OriginTrace | undefined };

export const originAnswerSchema = z.strictObject({
  /** `<name>@<sha256 of the manifest>` of the model that answered. */
  model: z.string().max(200).regex(MODEL_ID),
  labels: z
    .array(z.string().max(LABEL_MAX_CHARACTERS))
    .min(1)
    .max(LABELS_MAX)
    .refine((labels) => new Set(labels).size === labels.length, "each label once"),
  problemType: z.enum(["single_label_classification", "multi_label_classification"]),
  /** In text order; an empty text has one window of 0 tokens. */
  windows: z.array(originWindowSchema).min(1).max(WINDOWS_MAX),
  ...originAccount,
});
export type OriginAnswer = z.infer<typeof originAnswerSchema>;

/** Not strict: an older gateway takes errors of a newer function. */
export const originErrorSchema = z.object({
  error: z.string(),
  error_type: z.enum(["malformed", "too-large", "model-unavailable", "internal"]),
  ...originAccount,
});
export type OriginError = z.infer<typeof originErrorSchema>;
