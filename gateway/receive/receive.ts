/** Reads a request into inputs, or says what is wrong with it. Nothing of the text ever goes into a refusal. */
import type { Policy } from "../../policies/schema.ts";
import type { Slot } from "../admit/slots.ts";
import { type Refusal, type RefusalReason, type Result, refused } from "../refusal.ts";
import { type Clock } from "../call.ts";
import { readBody } from "./body.ts";
import { nestsDeeper } from "./json-depth.ts";
import { parseClassifyRequest, type Received } from "./request-shape.ts";

/** What we take nests three levels; the rest is for clients that send more than they must. */
const DEPTH_MAX = 16;

export async function receive(
  request: Request,
  limits: Policy["limits"],
  clock: Clock,
  slot: Slot,
): Promise<Result<Received>> {
  const mediaType = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    return refused({
      code: "unsupported-media-type",
      publicText: "Send the body as JSON with the header `content-type: application/json`.",
      reason: "content-type",
    });
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return refused({
      code: "unsupported-media-type",
      publicText: "Send the body uncompressed, without `content-encoding`.",
      reason: "content-encoding",
    });
  }
  const body = await readBody(request, limits.bodyBytes, clock, slot);
  if (!body.ok) return body;
  const text = decodeUtf8(body.value);
  if (text === null) return refused(malformed("The body is not valid UTF-8.", "invalid-utf8"));
  if (nestsDeeper(text, DEPTH_MAX)) {
    return refused(malformed(`The body nests arrays and objects deeper than ${DEPTH_MAX} levels.`, "json-depth"));
  }
  const value = parseJson(text);
  if (value === undefined) return refused(malformed("The body is not valid JSON.", "invalid-json"));
  return parseClassifyRequest(value, limits.inputs);
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, so it is dropped.
    return undefined;
  }
}

function malformed(publicText: string, reason: RefusalReason): Refusal {
  return { code: "malformed", publicText, reason };
}
