/** Turns a request into inputs, or refuses it. No part of the text is in a refusal. */
import { parseJson } from "../../formats/json.ts";
import { duplicateKeys } from "../../formats/json-keys.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Slot } from "../admit/slots.ts";
import type { Clock } from "../call.ts";
import { type Refusal, type Result, refuse } from "../refusal.ts";
import { malformed, type ReceivedBody, readBody } from "./body.ts";
import { parseClassifyRequest, type Received } from "./request-shape.ts";

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
  const body = await readBody(request, limits, clock, slot);
  if (!body.ok) return body;
  try {
    return parseBody(body.value, limits.inputs);
  } finally {
    body.value.release();
  }
}

/** Long texts are built only if the rest of the body is right: a refused body costs its bytes and little more. */
function parseBody({ whole, filter }: ReceivedBody, maxInputs: number): Result<Received> {
  const shortForm = decodeUtf8(filter.bytes);
  if (shortForm === null) return refuse(invalidUtf8);
  const shortValue = parseJson(shortForm);
  if (shortValue === undefined) return refuse(invalidJson);
  const givenTwice = duplicateKeys(shortForm, MAX_KEY_DEPTH).map(({ path }) => path);
  const received = parseClassifyRequest(shortValue, maxInputs, givenTwice);
  if (!received.ok || !filter.hasMarks) return received;
  const text = decodeUtf8(whole.bytes);
  whole.release();
  if (text === null) return refuse(invalidUtf8);
  const value = parseJson(text);
  return value === undefined ? refuse(invalidJson) : parseClassifyRequest(value, maxInputs, givenTwice);
}

const invalidUtf8 = malformed("The body is not valid UTF-8.", "invalid-utf8");
const invalidJson = malformed("The body is not valid JSON.", "invalid-json");

/** JSON is UTF-8 (RFC 8259). ASCII is a part of it. */
const CHARSETS: readonly string[] = ["utf-8", "utf8", "us-ascii", "ascii"];
/**
 * Single quotes are a part of a value (RFC 9110, 5.6.2), which then is the name of no encoding. What is meant is clear; Spring and Python's
 * requests read it too.
 */
const CHARSET = /^charset\s*=\s*["']?(.*?)["']?$/;
/** Names that a refusal repeats. Any other value of a caller is repeated in no answer. */
const MEDIA_TYPES =
  /^(text\/(plain|html|csv|json|xml|event-stream)|application\/(octet-stream|x-www-form-urlencoded|x-ndjson|jsonl|xml|xhtml\+xml|ld\+json|cbor|msgpack|x-protobuf)|multipart\/(form-data|mixed))$/;
const ENCODINGS =
  /^(utf-?7|utf-?(16|32)(le|be)?|iso-8859-\d{1,2}|windows-\d{3,4}|latin-?1|shift_jis|gb2312|gbk|gb18030|euc-(jp|kr)|big5|koi8-[ru])$/;

function checkContentType(header: string): Refusal | null {
  const [mediaType = "", ...parameters] = header.split(";").map((part) => part.trim().toLowerCase());
  const refusal = (publicText: string): Refusal => ({
    code: "unsupported-media-type",
    publicText,
    reason: "content-type",
  });
  if (mediaType !== "application/json") {
    const seen =
      header === "" ? "is missing" : MEDIA_TYPES.test(mediaType) ? `is ${mediaType}` : "is another media type";
    return refusal(
      `\`content-type\` ${seen}. Send the body as JSON with the header \`content-type: application/json\`.`,
    );
  }
  const charsets = parameters.flatMap((parameter) => CHARSET.exec(parameter)?.[1]?.trim() ?? []);
  const other = charsets.find((charset) => !CHARSETS.includes(charset));
  if (other === undefined) return null;
  const seen = ENCODINGS.test(other) ? ` is ${other}` : " is another encoding";
  return refusal(`\`charset\` of \`content-type\`${seen}. Send the body in UTF-8, with \`charset=utf-8\` or none.`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
