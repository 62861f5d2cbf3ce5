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
    meaning: "`http/json` or `http/protobuf`. gRPC is not supported.",
  },
  { name: "OTEL_SDK_DISABLED", default: "false", meaning: "`true` sends no telemetry." },
  { name: "OTEL_TRACES_EXPORTER", default: "otlp", meaning: "`none` sends no traces." },
  { name: "OTEL_LOGS_EXPORTER", default: "otlp", meaning: "`none` sends no log records." },
  ...forSignal("TRACES", "traces"),
  ...forSignal("LOGS", "log records"),
];

export const OTLP_HEADERS: readonly Variable[] = [
  {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    default: NOT_SET,
    meaning: "Headers of every export: `name=value,name=value`, values percent-encoded. For a backend's API key.",
  },
  headersOf("TRACES", "traces"),
  headersOf("LOGS", "log records"),
];

export const OTLP_METRICS: readonly Variable[] = [
  {
    name: "OTEL_METRICS_EXPORTER",
    default: "otlp",
    meaning: "`none` sends no metrics. The origin has no metrics.",
  },
  ...forSignal("METRICS", "metrics"),
];

export const OTLP_METRICS_HEADERS = headersOf("METRICS", "metrics");

function forSignal(signal: string, what: string): Variable[] {
  const [endpoint, protocol] = ["ENDPOINT", "PROTOCOL"].map((part) => `OTEL_EXPORTER_OTLP_${signal}_${part}`);
  return [
    {
      name: endpoint ?? "",
      default: "the general endpoint",
      meaning: `URL that ${what} are sent to, used as it is: nothing is appended.`,
    },
    { name: protocol ?? "", default: "the general protocol", meaning: `Encoding of ${what}.` },
  ];
}

function headersOf(signal: string, what: string): Variable {
  return {
    name: `OTEL_EXPORTER_OTLP_${signal}_HEADERS`,
    default: "the general headers",
    meaning: `Headers of exports of ${what}, instead of the general ones.`,
  };
}
