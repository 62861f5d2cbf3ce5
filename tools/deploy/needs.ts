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
