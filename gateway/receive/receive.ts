/** Turns a request into inputs, or refuses it. No part of the text is in a refusal. */
import { parseJson } from "../../formats/json.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Slot } from "../admit/slots.ts";
import type { Clock } from "../call.ts";
import { type Refusal, type RefusalReason, type Result, refuse } from "../refusal.ts";
import { readBody } from "./body.ts";
import { nestsDeeper } from "./json-depth.ts";
import { parseClassifyRequest, type Received } from "./request-shape.ts";

/** A valid request nests three levels. The rest is for clients that send more than they need. */
const MAX_DEPTH = 16;

/** @param slot counts the bytes that the isolate holds */
export async function receive(
  request: Request,
  limits: Policy["limits"],
  clock: Clock,
  slot: Slot,
): Promise<Result<Received>> {
  const mediaType = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    return refuse({
      code: "unsupported-media-type",
      publicText: "Send the body as JSON with the header `content-type: application/json`.",
      reason: "content-type",
    });
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return refuse({
      code: "unsupported-media-type",
      publicText: "Send the body uncompressed, without `content-encoding`.",
      reason: "content-encoding",
    });
  }
  const body = await readBody(request, limits.bodyBytes, clock, slot);
  if (!body.ok) return body;
  const text = decodeUtf8(body.value);
  if (text === null) return refuse(malformed("The body is not valid UTF-8.", "invalid-utf8"));
  if (nestsDeeper(text, MAX_DEPTH)) {
    return refuse(malformed(`The body nests arrays and objects deeper than ${MAX_DEPTH} levels.`, "json-depth"));
  }
  const value = parseJson(text);
  if (value === undefined) return refuse(malformed("The body is not valid JSON.", "invalid-json"));
  return parseClassifyRequest(value, limits.inputs);
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

function malformed(publicText: string, reason: RefusalReason): Refusal {
  return { code: "malformed", publicText, reason };
}
