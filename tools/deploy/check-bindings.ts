/** Pure. Whether everything that the gateway reads is bound, to stores that no other environment uses. */
import { PERIOD_MS } from "../../gateway/authenticate/limiter.ts";
import { type Finding, isPlaceholder, ok, problem, quoted, warning } from "./finding.ts";
import type { Target } from "./target.ts";

// What a deployed gateway reads. The compiler compares it with Env in gateway/compose.ts: test/worker/entry/needs.harness.test.ts.
export const KV_NAMESPACES = ["POLICIES", "KEYS"] as const;
export const R2_BUCKETS = ["MODELS"] as const;
export const RATE_LIMITS = ["RATE_SMALL", "RATE_STANDARD", "RATE_LARGE", "FAILED_AUTH"] as const;
/** Identifies the version in traces, logs and metrics. */
export const VERSION_METADATA = "CF_VERSION_METADATA";
/** The Durable Objects of the control plane. Without them the gateway serves the same, and counts nothing. */
export const LEDGER = "LEDGER";

export const REQUIRED_VARIABLES = ["MODEL", "MODEL_PUBLIC_KEY", "ORIGIN_URL", "ORIGIN_REGION"] as const;
export const OPTIONAL_VARIABLES = [
  "ANONYMOUS_ACCESS",
  "ANONYMOUS_RATE",
  "CORS_ORIGINS",
  "MIN_POLICY_VERSION",
  "PUBLIC_HOST",
  "OTEL_SDK_DISABLED",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
  "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
  "OTEL_TRACES_EXPORTER",
  "OTEL_LOGS_EXPORTER",
  "OTEL_METRICS_EXPORTER",
] as const;

export const REQUIRED_SECRETS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OPERATOR_TOKEN"] as const;
export const OPTIONAL_SECRETS = [
  "AWS_SESSION_TOKEN",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
  "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
] as const;

/** Every binding, variable and secret that the gateway reads. */
export type BindingName =
  | (typeof KV_NAMESPACES)[number]
  | (typeof R2_BUCKETS)[number]
  | (typeof RATE_LIMITS)[number]
  | typeof VERSION_METADATA
  | typeof LEDGER
  | (typeof REQUIRED_VARIABLES)[number]
  | (typeof OPTIONAL_VARIABLES)[number]
  | (typeof REQUIRED_SECRETS)[number]
  | (typeof OPTIONAL_SECRETS)[number];

const KV_ID = /^[0-9a-f]{32}$/;
/** The gateway assumes this period for every limit: a refused caller is asked to wait for all of it. */
const PERIOD_SECONDS = PERIOD_MS / 1000;
/** More failed attempts per minute and IP than this do not slow down guessing, and each attempt is a KV read. */
const MAX_FAILED_AUTH_PER_MINUTE = 1000;

/** @param others the other environments of the same wrangler.toml */
export function checkBindings(target: Target, others: readonly Target[]): Finding[] {
  return [
    ...KV_NAMESPACES.map((binding) => checkNamespace(binding, target, others)),
    ...R2_BUCKETS.map((binding) => checkBucket(binding, target, others)),
    ...checkRateLimits(target, others),
    ...checkFailedAuth(target),
    checkVersionMetadata(target),
  ];
}

function checkNamespace(
  binding: (typeof KV_NAMESPACES)[number],
  { environment, config }: Target,
  others: readonly Target[],
): Finding {
  const check = `KV ${binding}`;
  const table = `[[env.${environment}.kv_namespaces]]`;
  const create = `npx wrangler kv namespace create spillway-${environment}-${binding.toLowerCase()}`;
  const next = `Run \`${create}\` and put the ID that it prints under ${table}.`;
  const found = config.kv_namespaces.find((one) => one.binding === binding);
  if (found === undefined) return problem(check, "is not bound", next);
  const { id = "" } = found;
  if (isPlaceholder(id)) return problem(check, "the ID is a placeholder", next);
  if (!KV_ID.test(id)) return problem(check, `the ID is ${quoted(id)}; it must be 32 hex digits`, next);
  const earlier = KV_NAMESPACES.slice(0, KV_NAMESPACES.indexOf(binding));
  const same = config.kv_namespaces.find((one) => one.id === id && earlier.some((name) => name === one.binding));
  if (same !== undefined) {
    const message = `is the same namespace as ${same.binding}: write access to policies would allow creating API keys`;
    return problem(check, message, next);
  }
  const sharing = others.find((other) => other.config.kv_namespaces.some((one) => one.id === id));
  if (sharing === undefined) return ok(check, `is bound to ${id}`);
  return problem(check, `is bound to a namespace of ${sharing.environment}`, next);
}

function checkBucket(binding: string, { environment, config }: Target, others: readonly Target[]): Finding {
  const check = `R2 ${binding}`;
  const create = `npx wrangler r2 bucket create spillway-${environment}-models`;
  const next = `Run \`${create}\` and put the bucket's name under [[env.${environment}.r2_buckets]].`;
  const { bucket_name: name, jurisdiction } = config.r2_buckets.find((one) => one.binding === binding) ?? {};
  if (name === undefined) return problem(check, "is not bound", next);
  if (isPlaceholder(name)) return problem(check, "the bucket's name is a placeholder", next);
  // Each jurisdiction has separate names.
  const isSame = (one: { bucket_name?: string | undefined; jurisdiction?: string | undefined }) =>
    one.bucket_name === name && one.jurisdiction === jurisdiction;
  const sharing = others.find((other) => other.config.r2_buckets.some(isSame));
  if (sharing === undefined) return ok(check, `is bound to ${name}`);
  return problem(check, `is bound to the bucket of ${sharing.environment}`, next);
}

/** Without a problem, one finding for all limits. */
function checkRateLimits(target: Target, others: readonly Target[]): Finding[] {
  const problems = RATE_LIMITS.flatMap((name) => checkRateLimit(name, target, others) ?? []);
  return problems.length > 0 ? problems : [ok("rate limits", `${RATE_LIMITS.join(", ")} are bound`)];
}

function checkRateLimit(name: string, { environment, config }: Target, others: readonly Target[]): Finding | null {
  const check = `rate limit ${name}`;
  const table = `[[env.${environment}.ratelimits]]`;
  const found = config.ratelimits.find((one) => one.name === name);
  if (found === undefined) {
    return problem(check, "is not bound", `Copy its block from wrangler.toml in the repository to ${table}.`);
  }
  const { namespace_id: id, simple } = found;
  if (simple.period !== PERIOD_SECONDS) {
    const message = `the period is ${simple.period} s; it must be ${PERIOD_SECONDS} s`;
    return problem(check, message, `Set simple.period = ${PERIOD_SECONDS} under ${table}.`);
  }
  const next = `Set namespace_id to an unused number under ${table}.`;
  if (!/^[1-9]\d*$/.test(id)) {
    return problem(check, `the namespace_id is ${quoted(id)}; it must be a whole number`, next);
  }
  const isUsedBefore = config.ratelimits.slice(0, config.ratelimits.indexOf(found)).some((one) => hasId(one, id));
  const sharing = isUsedBefore
    ? environment
    : others.find((other) => other.config.ratelimits.some((one) => hasId(one, id)))?.environment;
  if (sharing === undefined) return null;
  return problem(check, `the namespace_id ${id} is used by another rate limit of ${sharing}`, next);
}

function hasId(limit: { namespace_id: string }, id: string): boolean {
  return limit.namespace_id === id;
}

function checkFailedAuth({ environment, config }: Target): Finding[] {
  const limit = config.ratelimits.find(({ name }) => name === "FAILED_AUTH")?.simple.limit ?? 0;
  if (limit <= MAX_FAILED_AUTH_PER_MINUTE) return [];
  const message = `allows ${limit} failed attempts per minute and IP, which does not slow down guessing`;
  const next = `Set simple.limit to about 10, at most ${MAX_FAILED_AUTH_PER_MINUTE}, under [[env.${environment}.ratelimits]].`;
  return [warning("rate limit FAILED_AUTH", message, next)];
}

function checkVersionMetadata({ environment, config: { version_metadata } }: Target): Finding {
  const check = "version metadata";
  if (version_metadata?.binding === VERSION_METADATA) return ok(check, `is bound as ${VERSION_METADATA}`);
  const line = `version_metadata = { binding = "${VERSION_METADATA}" }`;
  return problem(
    check,
    "is not bound: telemetry cannot distinguish the versions",
    `Add to [env.${environment}]: ${line}`,
  );
}
