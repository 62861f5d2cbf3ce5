/** Reads the response of an origin: an answer of the wire's shape, or an OriginFault. Nothing of it is trusted before it is checked. */
import { inBlocks } from "../../formats/body-blocks.ts";
import { readBoundedBody } from "../../formats/bounded-body.ts";
import { parseJson } from "../../formats/json.ts";
import { JsonFilter } from "../../formats/json-filter.ts";
import {
  MAX_ANSWER_LOGITS,
  MAX_LABEL_CHARACTERS,
  type OriginAnswer,
  type OriginError,
  originAnswerSchema,
  originErrorSchema,
} from "../../formats/origin-wire.ts";
import { OriginFault } from "./origin-fault.ts";

/** @throws OriginFault; another Error if the body broke off, as after an abort */
export async function readAnswer(response: Response): Promise<OriginAnswer> {
  if (!response.ok) throw await faultOf(response);
  const parsed = originAnswerSchema.safeParse(await readJson(response));
  if (!parsed.success) throw new OriginFault("bad-answer");
  const { labels, windows } = parsed.data;
  if (windows.some(({ logits }) => logits.length !== labels.length)) throw new OriginFault("bad-answer");
  // Windows are weighted by their tokens. Only a text without content tokens has one of weight 0.
  if (windows.length > 1 && windows.every(({ tokens }) => tokens === 0)) throw new OriginFault("bad-answer");
  return parsed.data;
}

/**
 * Statuses for which Spillway's function sends details: the reason of a 503, and the spans and usage of a refusal. For all others the
 * status is enough, and a fallback does not wait for the body.
 */
const STATUSES_WITH_DETAILS: ReadonlySet<number> = new Set([400, 404, 413, 422, 503]);

async function faultOf(response: Response): Promise<OriginFault> {
  const { status } = response;
  const details = STATUSES_WITH_DETAILS.has(status) ? await errorIn(response) : await response.body?.cancel();
  if (status === 503 && details?.error_type === "model-unavailable") return new OriginFault("model-unavailable");
  const { usage, trace } = details ?? {};
  if (status === 422 && details?.error_type === "no-pairs") return new OriginFault({ noPairs: { usage, trace } });
  return new OriginFault({ status, retryAfterMs: retryAfterMs(response.headers), account: { usage, trace } });
}

async function errorIn(response: Response): Promise<OriginError | undefined> {
  return originErrorSchema.safeParse(await readJson(response).catch(() => null)).data;
}

/** 64 windows of 1,024 labels, with a reserve. */
const MAX_ANSWER_BYTES = 2 * 1_048_576;
/** Beyond these, an answer is not a classifier's, and the rest is not read. What is built of an answer within them stays below 4 MiB. */
const ANSWER_BOUNDS = {
  depth: 8,
  // All logits; labels, windows and spans.
  values: MAX_ANSWER_LOGITS + 16_384,
  // Keys of windows and spans, labels.
  strings: 16_384,
  // A character that is written as an escape has six bytes.
  stringBytes: 6 * MAX_LABEL_CHARACTERS,
  longStrings: "refuse",
  shortFormBytes: 1.75 * 1_048_576,
  ascii: true,
} as const;

/** A filter that writes ASCII. */
const ascii = new TextDecoder();

async function readJson(response: Response): Promise<unknown> {
  const filter = new JsonFilter(ANSWER_BOUNDS);
  const pieces = inBlocks(response);
  const body = await readBoundedBody(pieces, { maxBytes: MAX_ANSWER_BYTES, into: filter, freePieces: true });
  const text = body.ok ? ascii.decode(body.bytes) : null;
  filter.release();
  // The connection broke, or a signal ended it. The caller of this function knows which.
  if (!body.ok && body.why === "broken") throw new Error("the origin's answer broke off");
  const value = text === null ? undefined : parseJson(text);
  if (value === undefined) throw new OriginFault("bad-answer");
  return value;
}

/** The longest Retry-After of an origin that is obeyed. */
const MAX_RETRY_AFTER_MS = 300_000;

/** `Retry-After` in seconds; its other form, a date, is not read. Null if there is none. */
function retryAfterMs(headers: Headers): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  return /^\d{1,9}$/.test(value) ? Math.min(MAX_RETRY_AFTER_MS, Number(value) * 1000) : null;
}
