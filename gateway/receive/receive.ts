/** Turns a request into inputs, or refuses it. No part of the text is in a refusal. */
import { parseJson } from "../../formats/json.ts";
import { duplicateKeys } from "../../formats/json-keys.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Slot } from "../admit/slots.ts";
import type { Clock } from "../call.ts";
import { type Refusal, type RefusalReason, type Result, refuse } from "../refusal.ts";
import { readBody } from "./body.ts";
import { exceededLimit } from "./json-structure.ts";
import { parseClassifyRequest, type Received } from "./request-shape.ts";

/** A valid request nests three levels. The rest is for clients that send more than they need. */
const MAX_DEPTH = 16;
/** A pair: its object, its second key and the comma behind it. Nothing is built of a body with more values: they take 40 times its bytes. */
const VALUES_PER_INPUT = 3;
/** Parameters, options, and what clients send beside them. */
const OTHER_VALUES = 256;
/** Of a key of a pair in the list of inputs. */
const MAX_KEY_DEPTH = 3;

/** @param slot counts the bytes that the isolate holds */
export async function receive(
  request: Request,
  limits: Policy["limits"],
  clock: Clock,
  slot: Slot,
): Promise<Result<Received>> {
  const contentType = checkContentType(request.headers.get("content-type") ?? "");
  if (contentType !== null) return refuse(contentType);
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
  const maxValues = limits.inputs * VALUES_PER_INPUT + OTHER_VALUES;
  const exceeded = exceededLimit(text, { depth: MAX_DEPTH, values: maxValues });
  if (exceeded === "depth") {
    return refuse(malformed(`The body nests arrays and objects deeper than ${MAX_DEPTH} levels.`, "json-depth"));
  }
  if (exceeded === "values") return refuse(tooManyValues(maxValues, limits.inputs));
  const value = parseJson(text);
  if (value === undefined) return refuse(malformed("The body is not valid JSON.", "invalid-json"));
  const givenTwice = duplicateKeys(text, MAX_KEY_DEPTH).map(({ path }) => path);
  return parseClassifyRequest(value, limits.inputs, givenTwice);
}

/** JSON is UTF-8 (RFC 8259). ASCII is a part of it. */
const CHARSETS: readonly string[] = ["utf-8", "utf8", "us-ascii", "ascii"];

function checkContentType(header: string): Refusal | null {
  const [mediaType = "", ...parameters] = header.split(";").map((part) => part.trim().toLowerCase());
  const charsets = parameters.flatMap((parameter) => /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1]?.trim() ?? []);
  const isJson = mediaType === "application/json";
  if (isJson && charsets.every((charset) => CHARSETS.includes(charset))) return null;
  const publicText = isJson
    ? "Send the body in UTF-8, with the header `content-type: application/json`."
    : "Send the body as JSON with the header `content-type: application/json`.";
  return { code: "unsupported-media-type", publicText, reason: "content-type" };
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

function tooManyValues(maxValues: number, maxInputs: number): Refusal {
  return {
    code: "too-large",
    publicText: `The body has more than ${maxValues} values; at most ${maxInputs} texts are allowed per request.`,
    reason: "inputs",
  };
}

function malformed(publicText: string, reason: RefusalReason): Refusal {
  return { code: "malformed", publicText, reason };
}
