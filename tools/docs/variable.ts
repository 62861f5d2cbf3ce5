/** What a variable of a program is, and the variables of OTLP, which several programs read. */

export interface Variable {
  name: string;
  /** What is in force when the variable is not set; null: it must be set. */
  default: string | null;
  meaning: string;
}

export interface VariableGroup {
  title: string;
  /** Where the values come from. */
  about: string;
  variables: readonly Variable[];
}

export const NOT_SET = "not set";

/** Read by the gateway and the origin alike. */
export const OTLP: readonly Variable[] = [
  {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    default: NOT_SET,
    meaning:
      "Base URL of an OTLP/HTTP backend; `/v1/traces`, `/v1/logs` and `/v1/metrics` are appended. Without it no telemetry is sent.",
  },
  {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    default: "http/json",
    meaning: "`http/json` or `http/protobuf`.",
  },
  { name: "OTEL_TRACES_EXPORTER", default: "otlp", meaning: "`none` sends no traces." },
  { name: "OTEL_LOGS_EXPORTER", default: "otlp", meaning: "`none` sends no log records." },
];

export const OTLP_HEADERS: Variable = {
  name: "OTEL_EXPORTER_OTLP_HEADERS",
  default: NOT_SET,
  meaning: "Headers of every export: `name=value,name=value`, values percent-encoded. For a backend's API key.",
};

export const OTLP_METRICS: Variable = {
  name: "OTEL_METRICS_EXPORTER",
  default: "otlp",
  meaning: "`none` sends no metrics. The origin has no metrics.",
};
