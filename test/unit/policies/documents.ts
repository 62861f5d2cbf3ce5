/** Valid and invalid policy documents, on which the parser and the committed JSON Schema must agree. */
import { FULL_DOCUMENT, WORST_DOCUMENT } from "../../../tools/bench/decide/cases.ts";

const address = { url: "https://example.com/", region: "eu-central-1" };
export const origins = { "eu-central-1": address, "us-east-1": address };
const rule = (...allow: string[]) => ({ residency: { rules: [{ countries: ["EU"], allow }] } });
const unknown = (...allow: string[]) => ({ residency: { unknown: allow } });

export const VALID: [string, object][] = [
  ["the empty document", {}],
  ["one key of an inner object", { edge: { share: 10 } }],
  ["the smallest share", { edge: { share: 0.01 } }],
  ["a share of two decimals", { edge: { share: 12.34 } }],
  ["a document that names its schema", { $schema: "policies/policy.schema.json", version: 7 }],
  ["every key", FULL_DOCUMENT],
  ["many rules and origins", WORST_DOCUMENT],
  [
    "null where it is allowed",
    { model: null, candidate: null, override: null, latencyBudgetMs: null, hedge: { afterMs: null } },
  ],
  ["residency with an origin of the policy", { origins, ...rule("edge", "origin:eu-central-1") }],
  ["residency with an origin of the policy, for unknown countries", { origins, ...unknown("origin:us-east-1") }],
  ["residency with any origin", { origins, ...rule("origin") }],
  ["residency with the deployment's origin", rule("origin:default")],
  ["a country that is refused", rule()],
  ["unknown countries that are refused", { residency: { unknown: "refuse" } }],
  ["no trace", { sampling: { ratio: 0, keep: [] } }],
  ["one trace in a thousand, and the failures", { sampling: { ratio: 0.001, keep: ["error", "fallback"] } }],
  ["stickiness by a header", { edge: { stickyBy: "header:x-tenant" } }],
];

/** Name, document, and the beginning of the first problem. */
export type Wrong = [string, unknown, string];

export const WRONG: Wrong[] = [
  ["a share below 0", { edge: { share: -0.01 } }, "edge.share: -0.01 is not allowed; must be a number from 0 to 100"],
  ["a share above 100", { edge: { share: 100.01 } }, "edge.share: 100.01 is not allowed; must be a number from 0"],
  ["a share that is text", { edge: { share: "10" } }, 'edge.share: "10" is not allowed; must be a number from 0'],
  ["a side that does not exist", { override: "lambda" }, 'override: "lambda" is not allowed; must be "edge", "origin"'],
  ["an unknown key", { egde: {} }, "egde: unknown key; did you mean edge?"],
  ["an unknown key inside", { edge: { shar: 5 } }, "edge.shar: unknown key; did you mean share?"],
  ["a key without its unit", { origin: { timeout: 5 } }, "origin.timeout: unknown key; did you mean timeoutMs?"],
  ["a key that belongs elsewhere", { maxTokens: 5 }, "maxTokens: unknown key; did you mean edge.maxTokens?"],
  ["a key unlike any other", { origin: { qqqqqqqq: 5 } }, "origin.qqqqqqqq: unknown key; known keys: timeoutMs"],
  ["a key that every object has", JSON.parse('{"__proto__": 1}'), "__proto__: unknown key; known keys: "],
  ["no timeout", { origin: { timeoutMs: 0 } }, "origin.timeoutMs: 0 is not allowed; must be a whole number from 100"],
  ["a list", [], "policy: a list is not allowed; must be an object"],
  ["null", null, "policy: null is not allowed; must be an object"],
  ["a fraction of a token", { edge: { maxTokens: 1.5 } }, "edge.maxTokens: 1.5 is not allowed; must be a whole number"],
  [
    "a candidate without its digest",
    { candidate: { model: "mail-tagger", share: 10 } },
    'candidate.model: "mail-tagger" is not allowed; must be <name>@<64 hex',
  ],
  [
    "a model without its digest",
    { model: "mail-tagger" },
    'model: "mail-tagger" is not allowed; must be <name>@<64 hex',
  ],
  ["an origin without a region", { origins: { a: { url: address.url } } }, "origins.a.region: missing; must be an AWS"],
  ["an origin's name in capitals", { origins: { US: address } }, "origins.US: invalid name; must be lowercase"],
  ["an origin with an invalid URL", { origins: { a: { ...address, url: "x" } } }, 'origins.a.url: "x" is not allowed'],
  [
    "a rule for no country",
    { residency: { rules: [{ countries: [], allow: [] }] } },
    "residency.rules.0.countries: a list",
  ],
  [
    "a side that does not exist in residency",
    rule("lambda"),
    'residency.rules.0.allow.0: "lambda" is not allowed; must be',
  ],
  ["a value that `unknown` does not have", { residency: { unknown: "deny" } }, 'residency.unknown: "deny" is not'],
  ["a TLS version that does not exist", { minTls: "2.0" }, 'minTls: "2.0" is not allowed; must be "1.0", "1.1"'],
  ["a header's name in capitals", { edge: { stickyBy: "header:X-T" } }, 'edge.stickyBy: "header:X-T" is not allowed'],
  [
    "a ratio in percent",
    { sampling: { ratio: 10 } },
    "sampling.ratio: 10 is not allowed; must be a number from 0 to 1",
  ],
  [
    "a reason to keep that does not exist",
    { sampling: { keep: ["errors"] } },
    'sampling.keep.0: "errors" is not allowed',
  ],
  [
    "a slow threshold of 0 ms",
    { sampling: { slowMs: 0 } },
    "sampling.slowMs: 0 is not allowed; must be a whole number",
  ],
  [
    "a URL with a space",
    { origins: { a: { ...address, url: "https://example.com/ " } } },
    'origins.a.url: "https://example.com/…" is not allowed; must be a URL without spaces',
  ],
  ["a version that is text", { version: "7" }, 'version: "7" is not allowed; must be a whole number of at least 0'],
];

const known = 'known origins: "origin:eu-central-1", "origin:us-east-1"';

/** Rules that JSON Schema cannot express: an editor shows nothing, the command and the gateway reject the document. */
export const ONLY_THE_PARSER_SEES: Wrong[] = [
  ...[0.001, 12.345, 12.3400001, 99.999, 1e-9, 33.333333333333336].map(
    (share): Wrong => [
      `a share of ${share}: more than two decimals`,
      { edge: { share } },
      `edge.share: ${share} is not allowed; at most two decimals`,
    ],
  ),
  [
    "a shadow of three decimals",
    { shadow: { share: 0.125 } },
    "shadow.share: 0.125 is not allowed; at most two decimals",
  ],
  [
    "a URL that is not HTTP",
    { origins: { a: { ...address, url: "ftp://example.com/" } } },
    'origins.a.url: "ftp://example.com/" is not allowed; must be a URL',
  ],
  [
    "a URL that anyone on its way can read",
    { origins: { a: { ...address, url: "http://10.0.0.7:8790/" } } },
    'origins.a.url: "http://10.0.0.7:8790/" is not allowed; the URL is http, which is accepted for this machine (loopback) only',
  ],
  [
    "a URL with credentials",
    { origins: { a: { ...address, url: "https://user:hunter2@example.com/" } } },
    'origins.a.url: "https://…@example.com/" is not allowed; the URL contains credentials; the gateway signs its calls',
  ],
  [
    "a region in which the function is not",
    { origins: { a: { url: "https://abc123.lambda-url.eu-central-1.on.aws/", region: "us-east-1" } } },
    'origins.a.region: "us-east-1" is not allowed; the URL is a function in eu-central-1, and calls must be signed for it',
  ],
  [
    "a mistyped origin in residency",
    { origins, ...rule("edge", "origin:eu-centrl-1") },
    'residency.rules.0.allow.1: "origin:eu-centrl-1" is not allowed; no origin has this name; did you mean "origin:eu-central-1"?',
  ],
  [
    "a mistyped origin for unknown countries",
    { origins, ...unknown("origin:us-est-1") },
    'residency.unknown.0: "origin:us-est-1" is not allowed; no origin has this name; did you mean "origin:us-east-1"?',
  ],
  [
    "an origin in residency unlike any other",
    { origins, ...rule("origin:mars") },
    `residency.rules.0.allow.0: "origin:mars" is not allowed; no origin has this name; ${known}`,
  ],
  [
    "the deployment's origin, which exists only when the policy names none",
    { origins, ...rule("origin:default") },
    `residency.rules.0.allow.0: "origin:default" is not allowed; no origin has this name; ${known}`,
  ],
  [
    "an origin in residency where the policy names none",
    rule("origin:eu-central-1"),
    'residency.rules.0.allow.0: "origin:eu-central-1" is not allowed; no origin has this name; known origins: "origin:default"',
  ],
];
