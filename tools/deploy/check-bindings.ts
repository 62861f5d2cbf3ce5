/** Pure. Whether everything is bound that the gateway reads, to things of its own. */
import { PERIOD_MS } from "../../gateway/authenticate/limiter.ts";
import { type Finding, isPlaceholder, ok, problem, quoted, warning } from "./finding.ts";
import type { Target } from "./target.ts";

const KV_ID = /^[0-9a-f]{32}$/;
const ALL_RATE_LIMITS = "rate limits";
/** What the gateway takes every limit for, and so what it tells callers to wait. */
const PERIOD_SECONDS = PERIOD_MS / 1000;
/** Wrong keys a minute from one address. Beyond, guessing is hardly slowed down, and each guess is a read of KV. */
const FAILED_AUTH_MAX = 1000;

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
  const found = config.kv_namespaces.find((one) => one.binding === binding);
  if (found === undefined) {
    return problem(check, "is not bound", `add it to wrangler.toml under ${table}; the id is printed by: ${create}`);
  }
  const { id = "" } = found;
  if (!KV_ID.test(id)) {
    const says = isPlaceholder(id)
      ? "has a placeholder for its id"
      : `has the id ${quoted(id)}; it must be 32 hex digits`;
    return problem(check, says, `${create}, and put the id it prints under ${table}`);
  }
  const before = KV_NAMESPACES.slice(0, KV_NAMESPACES.indexOf(binding));
  const own = config.kv_namespaces.find((one) => one.id === id && before.some((name) => name === one.binding));
  if (own !== undefined) {
    const says = `is the same namespace as ${own.binding}: who may write policies could make keys`;
    return problem(check, says, `${create}, and put the id it prints under ${table}`);
  }
  const twin = others.find((other) => other.config.kv_namespaces.some((one) => one.id === id));
  if (twin === undefined) return ok(check, `is bound to ${id}`);
  return problem(
    check,
    `is the same namespace as one of ${twin.environment}`,
    `${create}, and put the id it prints under ${table}`,
  );
}

function checkBucket(binding: string, { environment, config }: Target, others: readonly Target[]): Finding {
  const check = `R2 ${binding}`;
  const table = `[[env.${environment}.r2_buckets]]`;
  const create = `npx wrangler r2 bucket create spillway-${environment}-models`;
  const name = config.r2_buckets.find((one) => one.binding === binding)?.bucket_name;
  if (name === undefined) return problem(check, "is not bound", `${create}, and put its name under ${table}`);
  if (isPlaceholder(name))
    return problem(check, "has a placeholder for its name", `${create}, and put its name under ${table}`);
  const twin = others.find((other) => other.config.r2_buckets.some((one) => one.bucket_name === name));
  if (twin === undefined) return ok(check, `is bound to ${name}`);
  return problem(
    check,
    `is the same bucket as that of ${twin.environment}`,
    `${create}, and put its name under ${table}`,
  );
}

/** One line where all is well; they are of one kind. */
function checkRateLimits({ environment, config }: Target, others: readonly Target[]): Finding[] {
  const table = `[[env.${environment}.ratelimits]]`;
  const taken = new Map(others.flatMap((o) => o.config.ratelimits.map((one) => [one.namespace_id, o.environment])));
  const problems = RATE_LIMITS.flatMap((name) => {
    const found = config.ratelimits.find((one) => one.name === name);
    if (found === undefined) {
      return [
        problem(
          `rate limit ${name}`,
          "is not bound",
          `take its block from the checkout's wrangler.toml, under ${table}`,
        ),
      ];
    }
    const { namespace_id: id, simple } = found;
    if (simple.period !== PERIOD_SECONDS) {
      const says = `counts by ${simple.period} s, but the gateway takes it for a minute`;
      return [problem(`rate limit ${name}`, says, `set simple.period = ${PERIOD_SECONDS} under ${table}`)];
    }
    const where = `put a number of its own under ${table}`;
    if (!/^[1-9]\d*$/.test(id)) {
      return [problem(`rate limit ${name}`, `has the namespace_id ${quoted(id)}; it must be a whole number`, where)];
    }
    const before = config.ratelimits.slice(0, config.ratelimits.indexOf(found));
    const twin = before.some((one) => one.namespace_id === id) ? environment : taken.get(id);
    return twin === undefined
      ? []
      : [problem(`rate limit ${name}`, `counts by ${id}, as another of ${twin} does`, where)];
  });
  return problems.length > 0 ? problems : [ok(ALL_RATE_LIMITS, `${RATE_LIMITS.join(", ")} are bound`)];
}

function checkFailedAuth({ environment, config }: Target): Finding[] {
  const limit = config.ratelimits.find(({ name }) => name === "FAILED_AUTH")?.simple.limit ?? 0;
  if (limit <= FAILED_AUTH_MAX) return [];
  const says = `lets ${limit} wrong keys a minute through from one address: guessing is not slowed down`;
  const next = `set simple.limit to some 10, ${FAILED_AUTH_MAX} at most, under [[env.${environment}.ratelimits]]`;
  return [warning("rate limit FAILED_AUTH", says, next)];
}

function checkVersionMetadata({ environment, config: { version_metadata } }: Target): Finding {
  const check = "version metadata";
  if (version_metadata?.binding === VERSION_METADATA) return ok(check, `is bound as ${VERSION_METADATA}`);
  const line = `version_metadata = { binding = "${VERSION_METADATA}" }`;
  return problem(
    check,
    "is not bound: telemetry could not tell one version from another",
    `add to [env.${environment}]: ${line}`,
  );
}

/** What a deployed gateway needs to have bound, by kind. Env in gateway/index.ts is compared with it by the compiler. */

export const KV_NAMESPACES = ["POLICIES", "KEYS"] as const;
export const R2_BUCKETS = ["MODELS"] as const;
export const RATE_LIMITS = ["RATE_SMALL", "RATE_STANDARD", "RATE_LARGE", "FAILED_AUTH"] as const;
/** Tells traces, logs and metrics of one version from another's. */
export const VERSION_METADATA = "CF_VERSION_METADATA";

export const REQUIRED_VARIABLES = ["MODEL", "MODEL_PUBLIC_KEY", "ORIGIN_URL", "ORIGIN_REGION"] as const;
export const OPTIONAL_VARIABLES = [
  "ANONYMOUS_ACCESS",
  "ANONYMOUS_RATE",
  "CORS_ORIGINS",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_TRACES_EXPORTER",
  "OTEL_LOGS_EXPORTER",
  "OTEL_METRICS_EXPORTER",
] as const;

export const REQUIRED_SECRETS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OPERATOR_TOKEN"] as const;
export const OPTIONAL_SECRETS = ["OTEL_EXPORTER_OTLP_HEADERS"] as const;

/** Everything that a gateway may find in its environment. */
export type Known =
  | (typeof KV_NAMESPACES)[number]
  | (typeof R2_BUCKETS)[number]
  | (typeof RATE_LIMITS)[number]
  | typeof VERSION_METADATA
  | (typeof REQUIRED_VARIABLES)[number]
  | (typeof OPTIONAL_VARIABLES)[number]
  | (typeof REQUIRED_SECRETS)[number]
  | (typeof OPTIONAL_SECRETS)[number];
