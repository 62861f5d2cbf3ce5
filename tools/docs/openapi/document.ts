/** docs/reference/openapi.yaml: the public contract, from the schemas, codes and statuses that the gateway uses. */
import { stringify } from "yaml";
import { REFUSAL_CODES, REFUSAL_REASONS, type RefusalCode, statusOf } from "../../../gateway/refusal.ts";
import {
  ALLOW,
  ANSWER_HEADERS,
  CHALLENGE,
  COMMON_HEADERS,
  CORS_HEADERS,
  type HeaderObject,
  POLICY_IF_READ,
  RETRY_AFTER,
} from "./headers.ts";
import { bodySchemas } from "./schemas.ts";

/** What each code means to a caller. */
const MEANING: Record<RefusalCode, string> = {
  malformed: "The body is not UTF-8, not JSON, nested too deeply, or did not arrive completely.",
  unauthorized: "The API key or the operator's token is missing or not valid.",
  forbidden: "The key lacks the scope, or the connection's TLS version is below the policy's `minTls`.",
  "not-found": "No such path.",
  "method-not-allowed": "The path has another method.",
  "too-large": "The body, the number of texts, or a text is over a limit.",
  "unsupported-media-type": "The body is not `application/json`, or is compressed.",
  unprocessable: "The JSON has another shape than the schema, or a text is empty.",
  "rate-limited": "Over the rate of the key or address, or the isolate is at its limit.",
  residency: "Residency rules allow no side for the caller's country.",
  unavailable: "No side can answer now.",
  timeout: "A side did not answer in time.",
};

const HEADERS: Partial<Record<RefusalCode, Readonly<Record<string, HeaderObject>>>> = {
  unauthorized: CHALLENGE,
  "method-not-allowed": ALLOW,
  "rate-limited": RETRY_AFTER,
  unavailable: RETRY_AFTER,
};

const NOT_OF_CLASSIFY: readonly RefusalCode[] = ["not-found", "method-not-allowed"];

const TRACE_CONTEXT = [
  {
    name: "traceparent",
    in: "header",
    description: "W3C trace context. The request's trace continues the caller's, and follows its sampling.",
    schema: { type: "string" },
  },
  { name: "tracestate", in: "header", description: "W3C trace state, handed on.", schema: { type: "string" } },
];

const EXAMPLES = {
  one: { summary: "One text", value: { inputs: "WIN a free prize now, click here" } },
  several: {
    summary: "Several texts, the best label of each",
    value: { inputs: ["see you at lunch", "WIN a free prize now"], parameters: { top_k: 1 } },
  },
  pair: {
    summary: "A pair, for a model that reads two texts together",
    value: { inputs: { text: "A plane lands.", text_pair: "A plane is in the air." } },
  },
};

/** @returns the document */
export function openApiDocument() {
  return {
    openapi: "3.1.0",
    info: {
      title: "Spillway",
      version: "1",
      summary: "Text classification at the edge, with a Lambda origin.",
      description:
        "Speaks the Hugging Face text-classification shape. An answer's headers report where and why it was computed.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [
      {
        url: "https://{host}",
        description: "A deployment.",
        variables: { host: { default: "classify.example.com", description: "The route in wrangler.toml." } },
      },
      { url: "http://127.0.0.1:8787", description: "npm start." },
    ],
    tags: [
      { name: "classify", description: "The endpoint." },
      { name: "probes", description: "Not counted, not traced." },
    ],
    paths: { "/v1/classify": { post: classify() }, "/healthz": { get: healthz() }, "/readyz": { get: readyz() } },
    components: {
      securitySchemes: {
        bearerKey: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer spw_…`." },
        headerKey: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "The same key in a header of its name.",
        },
        operatorToken: { type: "http", scheme: "bearer", description: "The deployment's secret `OPERATOR_TOKEN`." },
      },
      headers: {
        "policy-if-read": POLICY_IF_READ,
        ...COMMON_HEADERS,
        ...CORS_HEADERS,
        ...ANSWER_HEADERS,
        ...RETRY_AFTER,
        ...CHALLENGE,
        ...ALLOW,
      },
      responses: Object.fromEntries(REFUSAL_CODES.map((code) => [code, refusal(code)])),
      schemas: bodySchemas(),
    },
  };
}

/** @returns the file's text */
export function openApiText(): string {
  const note = " Generated from the gateway's schemas and refusal codes by npm run docs:generate. Do not edit.";
  return `#${note}\n${stringify(openApiDocument(), { lineWidth: 120, aliasDuplicateObjects: false })}`;
}

function classify() {
  const codes = REFUSAL_CODES.filter((code) => !NOT_OF_CLASSIFY.includes(code));
  return {
    operationId: "classify",
    summary: "Classify texts.",
    description:
      "Each text is answered at the edge or by an origin, as the policy decides. Texts are never stored. The URL has no query. If `CORS_ORIGINS` is set, preflights (OPTIONS) of allowed pages are answered.",
    tags: ["classify"],
    // A deployment with ANONYMOUS_ACCESS=allowed needs no key.
    security: [{ bearerKey: [] }, { headerKey: [] }, {}],
    parameters: TRACE_CONTEXT,
    requestBody: {
      required: true,
      content: { "application/json": { schema: ref("schemas", "ClassifyRequest"), examples: EXAMPLES } },
    },
    responses: {
      "200": {
        description: "The scores of each text.",
        headers: headerRefs({ ...ANSWER_HEADERS, ...COMMON_HEADERS, ...CORS_HEADERS }),
        content: {
          "application/json": {
            schema: ref("schemas", "ClassifyAnswer"),
            example: [
              [
                { label: "spam", score: 0.98 },
                { label: "ham", score: 0.02 },
              ],
            ],
          },
        },
      },
      ...refusals(codes),
    },
  };
}

function healthz() {
  return {
    operationId: "health",
    summary: "Whether the Worker runs.",
    tags: ["probes"],
    security: [],
    responses: { "200": probe("The Worker runs.", ref("schemas", "Health")), ...refusals(["method-not-allowed"]) },
  };
}

function readyz() {
  const body = { anyOf: [ref("schemas", "Readiness"), ref("schemas", "ReadinessDetails")] };
  return {
    operationId: "readiness",
    summary: "Whether a side can answer.",
    description: "The operator's token shows the reasons. Without a token the answer is brief.",
    tags: ["probes"],
    security: [{ operatorToken: [] }, {}],
    responses: {
      "200": probe("A side can answer.", body),
      ...refusals(["unauthorized", "method-not-allowed", "rate-limited"]),
      "503": probe("No side can answer, or the deployment's settings cannot be obeyed.", body),
    },
  };
}

function probe(description: string, schema: object) {
  return { description, headers: headerRefs(COMMON_HEADERS), content: { "application/json": { schema } } };
}

/** By status. Each status has one code. */
function refusals(codes: readonly RefusalCode[]) {
  return Object.fromEntries(codes.map((code) => [String(statusOf(code)), ref("responses", code)]));
}

function refusal(code: RefusalCode) {
  const reasons = REFUSAL_REASONS[code].map((reason) => `\`${reason}\``).join(", ");
  return {
    description: `\`${code}\`: ${MEANING[code]} Reasons in the trace: ${reasons}.`,
    headers: {
      "x-spillway-policy": ref("headers", "policy-if-read"),
      ...headerRefs({ ...COMMON_HEADERS, ...CORS_HEADERS, ...HEADERS[code] }),
    },
    content: {
      "application/json": {
        schema: {
          allOf: [ref("schemas", "Error"), { type: "object", properties: { error_type: { const: code } } }],
        },
      },
    },
  };
}

function headerRefs(headers: Readonly<Record<string, HeaderObject>>) {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, ref("headers", name)]));
}

function ref(kind: "schemas" | "headers" | "responses", name: string) {
  return { $ref: `#/components/${kind}/${name}` };
}
