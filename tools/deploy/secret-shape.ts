/** Pure. What a secret looks like, under whatever name it stands. Where it does, its value goes into no finding: those end in CI's logs. */

/** Spelled as `formats/api-key.ts` makes them, wherever in a text they are. */
const SPILLWAY_KEY = /\bspw_[a-z2-7]{12}_[A-Za-z0-9_-]{43}/;
/** Random text has them all; words, paths and a commit's 40 hex digits do not. */
const MIXED = "(?=[\\w/+-]*[a-z])(?=[\\w/+-]*[A-Z])(?=[\\w/+-]*[0-9])";

/** Each names its service by how it begins, as its makers want it to, so that it is found. */
const TOKEN_STARTS = [
  /\bgh[oprsu]_[A-Za-z0-9]{36}/, // GitHub
  /\bgithub_pat_\w{22}/,
  /\bglpat-[\w-]{20}/, // GitLab
  /\bnpm_[A-Za-z0-9]{36}/,
  /\bhf_[A-Za-z0-9]{30}/, // Hugging Face
  /\b[rs]k_(live|test)_[A-Za-z0-9]{16}/, // Stripe
  /\bsk-[\w-]{20}/, // OpenAI, Anthropic
  /\bxox[abeoprs]-[\w-]{10}/, // Slack
  /\bAIza[\w-]{35}/, // Google
  /\bgl(c|sa)_[\w=+/]{20}/, // Grafana
  /\bhca?[a-z]{2}_\w{20}/, // Honeycomb
  /\bNRAK-[A-Z0-9]{20}|\b[0-9a-f]{36}NRAL\b/, // New Relic
  /\bdt0[a-z]\d\d\.[A-Z0-9]{24}/, // Dynatrace
  /\bcf[aku]t?_[A-Za-z0-9]{32}/, // Cloudflare
];

const SHAPES: readonly { what: string; pattern: RegExp }[] = [
  { what: "a private key", pattern: /-----BEGIN [A-Z ]*PRIVATE KEY/ },
  { what: "an AWS access key id", pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: "an API key of Spillway", pattern: SPILLWAY_KEY },
  { what: "a bearer token", pattern: /\bBearer\s+(?=\S*\d)\S{12,}/i },
  { what: "a basic authorization", pattern: /\b[Bb]asic\s+(?=\S*[A-Z])[A-Za-z0-9+/_-]{12,}/ },
  { what: "a JSON web token", pattern: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\./ },
  ...TOKEN_STARTS.map((pattern) => ({ what: "a service's token", pattern })),
  {
    what: "an AWS secret access key, by its length",
    pattern: new RegExp(`(?<![A-Za-z0-9/+=_-])(?=[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-]))${MIXED}`),
  },
  { what: "a token, by its length", pattern: new RegExp(`^\\s*${MIXED}[\\w-]{40}\\s*$`) },
  { what: "a random token, as openssl rand -hex 32 makes it", pattern: /^\s*[0-9a-f]{64}\s*$/i },
];

/** Base64 too, and nobody's secret. */
const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
/** `https://user:password@host`, and what somebody meant by it where it is no URL. */
const CREDENTIALS = /:\S*@/;

/** What a value is by its looks; null where it could be anything. */
export function secretIn(value: unknown): string | null {
  const text = textOf(value).replaceAll(PUBLIC_KEY, "");
  return SHAPES.find(({ pattern }) => pattern.test(text))?.what ?? null;
}

/** Of an address. */
export function hasCredentials(value: unknown): boolean {
  return CREDENTIALS.test(textOf(value));
}

/** Why a value must not be shown; null where it may. */
export function whyHidden(value: unknown): string | null {
  return hasCredentials(value) ? "credentials" : secretIn(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
