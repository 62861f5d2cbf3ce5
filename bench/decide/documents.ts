/** Policy documents to parse and to decide by: none, a full one, and one with many rules and origins. */

const COUNTRIES = ["AT", "BR", "CA", "CH", "DE", "FR", "GB", "IN", "JP", "KR", "MX", "NO", "SE", "SG", "US", "ZA"];
const MANY_RULES = 64;
const MANY_ORIGINS = 16;

export const FULL_DOCUMENT = {
  version: 7,
  model: `mail-tagger@${"9f2c".repeat(16)}`,
  minVersion: 1,
  override: null,
  edge: { share: 12.34, maxTokens: 256, maxQueueMs: 400, stickyBy: "header:x-tenant" },
  latencyBudgetMs: 800,
  origin: { timeoutMs: 8000 },
  origins: {
    "us-east-1": { url: "https://us.example.com/", region: "us-east-1", weight: 75 },
    "eu-central-1": { url: "https://eu.example.com/", region: "eu-central-1", weight: 25 },
  },
  breaker: {
    edge: { consecutive: 3, openMs: 30_000 },
    origin: { windowMs: 10_000, failureRate: 50, minCalls: 10, consecutive: 5, openMs: 30_000, slowMs: 5000 },
  },
  retryBudget: { percent: 20, minPerSecond: 3 },
  hedge: { enabled: true, afterMs: 250 },
  shadow: { share: 1 },
  residency: { rules: [{ countries: ["EU"], allow: ["edge", "origin:eu-central-1"] }], unknown: ["edge"] },
  minTls: "1.3",
  limits: { bodyBytes: 1_048_576, inputs: 64, originTokens: 16_384 },
  sampling: { ratio: 0.1, keep: ["error", "fallback", "refused", "slow"], slowMs: 1000 },
};

/** Every rule is for the caller's country, named last but one, and allows every side by name: all lists are read to their ends. */
export const WORST_DOCUMENT = {
  ...FULL_DOCUMENT,
  edge: { ...FULL_DOCUMENT.edge, share: 100 },
  origins: Object.fromEntries(originNames().map((name) => [name, FULL_DOCUMENT.origins["us-east-1"]])),
  residency: {
    rules: Array.from({ length: MANY_RULES }, () => ({
      countries: [...COUNTRIES, "EU"],
      allow: [...originNames().map((name) => `origin:${name}`), "edge"],
    })),
    unknown: "refuse",
  },
};

export function originNames(): string[] {
  return Array.from({ length: MANY_ORIGINS }, (_, index) => `origin-${index}`);
}
