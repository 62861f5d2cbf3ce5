/** Pure. The headers of the public contract, as OpenAPI header objects by their names. */
import { BECAUSE } from "../../../gateway/decide/route.ts";

export interface HeaderObject {
  description: string;
  required?: true;
  schema: { type: string; [keyword: string]: unknown };
  example?: string | number;
}

const because = BECAUSE.join("|");

/** On every answer, errors and probes too. */
export const COMMON_HEADERS: Readonly<Record<string, HeaderObject>> = {
  "x-request-id": {
    description: "Identifies the request, in its trace too.",
    required: true,
    schema: { type: "string", pattern: "^[0-9a-f-]{36}$" },
    example: "7f6f3e0a-0f1c-4a6e-9c1b-6d2a4f0f8a11",
  },
  traceresponse: {
    description:
      "W3C trace context of the request's trace. The last digit is odd if the trace is sampled. Absent from probes.",
    schema: { type: "string", pattern: "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$" },
    example: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  },
  "cache-control": {
    description: "Answers are for one caller.",
    required: true,
    schema: { type: "string", const: "no-store" },
  },
  "content-security-policy": {
    description: "An answer is data, never a page.",
    required: true,
    schema: { type: "string", const: "default-src 'none'; frame-ancestors 'none'" },
  },
  "cross-origin-resource-policy": {
    description: "Other sites cannot embed an answer.",
    required: true,
    schema: { type: "string", const: "same-origin" },
  },
  "referrer-policy": {
    description: "No referrer is sent.",
    required: true,
    schema: { type: "string", const: "no-referrer" },
  },
  "strict-transport-security": {
    description: "Browsers use HTTPS for this host.",
    required: true,
    schema: { type: "string", const: "max-age=31536000" },
  },
  "x-content-type-options": {
    description: "The content type is as declared.",
    required: true,
    schema: { type: "string", const: "nosniff" },
  },
};

/** With CORS, on answers of /v1/classify. */
export const CORS_HEADERS: Readonly<Record<string, HeaderObject>> = {
  "access-control-allow-origin": {
    description: "The page's origin, or `*`, if the deployment allows that page to read answers (`CORS_ORIGINS`).",
    schema: { type: "string" },
  },
  "access-control-expose-headers": {
    description: "The headers that a page may read: those of this contract.",
    schema: { type: "string" },
  },
};

/** On a 200 of /v1/classify. */
export const ANSWER_HEADERS: Readonly<Record<string, HeaderObject>> = {
  "x-spillway-route": {
    description: "The side that answered. `mixed`: the texts of this request were answered by both.",
    required: true,
    schema: { type: "string", enum: ["edge", "origin", "mixed"] },
    example: "edge",
  },
  "x-spillway-because": {
    description:
      "Why the texts were routed there: the distinct reasons, separated by commas. docs/reference/codes.md explains each.",
    required: true,
    schema: { type: "string", pattern: `^(${because})(, (${because}))*$` },
    example: "within-share",
  },
  "x-spillway-policy": {
    description: "Version of the policy that decided.",
    required: true,
    schema: { type: "integer", minimum: 0 },
    example: 7,
  },
  "x-spillway-model": {
    description:
      "The model packages that answered: name and the first 12 hex digits of the digest, separated by commas.",
    required: true,
    schema: { type: "string", pattern: "^[^@, ]+@[0-9a-f]{12}(, [^@, ]+@[0-9a-f]{12})*$" },
    example: "mail-tagger@59c8dd205269",
  },
  "server-timing": {
    description:
      "Milliseconds, summed over the texts: wait for the edge model, edge runs and origin calls; the slowest text from its admission to its answer; the whole request.",
    required: true,
    schema: {
      type: "string",
      pattern: "^queue;dur=\\d+, edge;dur=\\d+, origin;dur=\\d+, text;dur=\\d+, total;dur=\\d+$",
    },
    example: "queue;dur=0, edge;dur=9, origin;dur=0, text;dur=10, total;dur=11",
  },
};

/** On a refusal: `x-spillway-policy`, unless the request was refused before the policy was read. */
export const POLICY_IF_READ: HeaderObject = {
  description: "Version of the policy. Absent if the request was refused before the policy was read.",
  schema: { type: "integer", minimum: 0 },
};

export const RETRY_AFTER: Readonly<Record<string, HeaderObject>> = {
  "retry-after": {
    description: "Seconds until a retry can succeed.",
    required: true,
    schema: { type: "integer", minimum: 1 },
    example: 1,
  },
};

export const CHALLENGE: Readonly<Record<string, HeaderObject>> = {
  "www-authenticate": {
    description: "How to authenticate (RFC 9110).",
    required: true,
    schema: { type: "string", const: 'Bearer realm="spillway"' },
  },
};

export const ALLOW: Readonly<Record<string, HeaderObject>> = {
  allow: { description: "The methods of this path.", required: true, schema: { type: "string" }, example: "POST" },
};
