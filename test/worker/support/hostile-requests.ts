/** Hostile requests. Every text in them contains the canary, so that an echo of any part is seen. */
import fc from "fast-check";
import { keyText, SECRET_LENGTH } from "../../../formats/api-key.ts";
import { CANARY } from "../../support/texts.ts";
import { hostileBody, validBody } from "./hostile-bodies.ts";
import { asciiText, text } from "./marked-text.ts";

export interface HostileRequest {
  method: string;
  path: string;
  headers: [string, string][];
  body: Uint8Array | null;
}

const METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE", "QUERY", "MOVE"];
const PATHS = [
  "/",
  "/healthz",
  "/readyz",
  "//v1/classify",
  "/v1/classify/",
  "/v1/%63lassify",
  "/v1/classify?",
  "/v1/classify?inputs=",
  "/v2/",
  "/%",
  "/%00",
  "/..%2f",
  "/.git/",
];
const path = fc.oneof(
  fc.constantFrom(...PATHS),
  fc.tuple(fc.constantFrom(...PATHS), text).map(([path, text]) => `${path}${text.replaceAll(/[\ud800-\udfff]/gu, "")}`),
);

const MEDIA_TYPES = [
  "application/json",
  "Application/JSON; charset=utf-8",
  "application/json;",
  "text/plain",
  "application/json, text/plain",
  "application/jsonx",
  "",
];
const NAMES = [
  "content-encoding",
  "content-length",
  "transfer-encoding",
  "authorization",
  "x-api-key",
  "cookie",
  "origin",
  "host",
  "traceparent",
  "tracestate",
  "x-request-id",
  "x-forwarded-for",
  "access-control-request-method",
  "expect",
  "x-odd",
];
/** Of the form of a key, and none. */
const unknownKey = keyText("abcdefghij27", CANARY.padEnd(SECRET_LENGTH, "A"));
/** Texts of ASCII: more than that workerd notes in its log, each time. */
const headerValue = fc.oneof(
  asciiText,
  fc.constantFrom(
    unknownKey,
    `Bearer ${unknownKey}`,
    "identity",
    "gzip",
    "https://app.example",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "POST",
    "0",
    ",",
  ),
);
const oddHeaders = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...NAMES), asciiText), headerValue), { maxLength: 4 });

function headers(mediaType: fc.Arbitrary<string>): fc.Arbitrary<[string, string][]> {
  return fc.tuple(mediaType, oddHeaders).map(([type, odd]) => [["content-type", type], ...odd]);
}

/** As it should be. */
const jsonType = fc.constant("application/json");

/** `validOften` of a thousand are served by the model; all others must be refused. */
export function hostileRequest(validOften: number): fc.Arbitrary<HostileRequest> {
  const post = { method: fc.constant("POST"), path: fc.constant("/v1/classify") };
  return fc.oneof(
    {
      weight: 700 - validOften,
      arbitrary: fc.record({
        ...post,
        headers: jsonType.map((type): [string, string][] => [["content-type", type]]),
        body: hostileBody,
      }),
    },
    {
      weight: 150,
      arbitrary: fc.record({ ...post, headers: headers(fc.constantFrom(...MEDIA_TYPES)), body: hostileBody }),
    },
    {
      weight: 150,
      arbitrary: fc.record({
        method: fc.constantFrom(...METHODS, "POST"),
        path,
        headers: headers(jsonType),
        body: hostileBody,
      }),
    },
    { weight: validOften, arbitrary: fc.record({ ...post, headers: headers(jsonType), body: validBody }) },
  );
}
