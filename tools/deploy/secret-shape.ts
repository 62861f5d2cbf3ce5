/** Pure. Recognizes secrets by their form, whatever the name of the setting. The value of one must not appear in a finding. */

/** The form that `formats/api-key.ts` produces, anywhere in a text. */
const SPILLWAY_KEY = /\bspw_[a-z2-7]{12}_[A-Za-z0-9_-]{43}/;
/** Random text has all three; words, paths and the 40 hex digits of a commit do not. */
const MIXED = "(?=[\\w/+-]*[a-z])(?=[\\w/+-]*[A-Z])(?=[\\w/+-]*[0-9])";

/** Token prefixes that the services publish for secret scanners. */
const TOKEN_PREFIXES = [
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
  { what: "an AWS access key ID", pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: "a Spillway API key", pattern: SPILLWAY_KEY },
  { what: "a bearer token", pattern: /\bBearer\s+(?=\S*\d)\S{12,}/i },
  { what: "basic credentials", pattern: /\b[Bb]asic\s+(?=\S*[A-Z])[A-Za-z0-9+/_-]{12,}/ },
  { what: "a JSON web token", pattern: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\./ },
  ...TOKEN_PREFIXES.map((pattern) => ({ what: "an access token", pattern })),
  {
    what: "an AWS secret access key (by its length)",
    pattern: new RegExp(`(?<![A-Za-z0-9/+=_-])(?=[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-]))${MIXED}`),
  },
  { what: "a token (by its length)", pattern: new RegExp(`^\\s*${MIXED}[\\w-]{40}\\s*$`) },
  { what: "a random token (64 hex digits)", pattern: /^\s*[0-9a-f]{64}\s*$/i },
];

/** In base64 too, and public. */
const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
/** `https://user:password@host`, also where the rest is not a valid URL. */
const CREDENTIALS = /:\S*@/;

/** @returns what kind of token or key the value contains; null if none is recognized */
export function tokenIn(value: unknown): string | null {
  const text = textOf(value).replaceAll(PUBLIC_KEY, "");
  return SHAPES.find(({ pattern }) => pattern.test(text))?.what ?? null;
}

/** @returns whether an address contains a user name or a password */
export function hasCredentials(address: unknown): boolean {
  return CREDENTIALS.test(textOf(address));
}

/** @returns what must not be shown of the value: credentials in an address, a token, a key; null if it can be shown */
export function secretIn(value: unknown): string | null {
  return hasCredentials(value) ? "credentials" : tokenIn(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
