/** OTLP's environment variables, parsed. Pure: no I/O, no clock. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
import { SIGNALS, type Signal } from "./messages.ts";

export type HttpHeaders = Readonly<Record<string, string>>;

/** `http/json` unless the other is asked for: every receiver of OTLP over HTTP reads both, and JSON can be read by people. */
export type Protocol = "http/json" | "http/protobuf";

/** Under the names that every OTLP exporter uses. */
export interface OtlpVariables {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: string | undefined;
  OTEL_EXPORTER_OTLP_PROTOCOL?: string | undefined;
  /** `none` keeps a signal from being sent, for a backend that does not take it. */
  OTEL_TRACES_EXPORTER?: string | undefined;
  OTEL_LOGS_EXPORTER?: string | undefined;
  OTEL_METRICS_EXPORTER?: string | undefined;
}

export interface OtlpSettings {
  /** Where each signal goes; one that is missing is not exported, and none is where nothing usable is configured. */
  urls: Readonly<Partial<Record<Signal, string>>>;
  /** Sent with every export, for example a backend's API key. */
  headers: HttpHeaders;
  protocol: Protocol;
}

export function otlpSettings(variables: OtlpVariables): OtlpSettings {
  const protocol = variables.OTEL_EXPORTER_OTLP_PROTOCOL?.trim();
  return {
    urls: urlsUnder(variables.OTEL_EXPORTER_OTLP_ENDPOINT, {
      traces: variables.OTEL_TRACES_EXPORTER,
      logs: variables.OTEL_LOGS_EXPORTER,
      metrics: variables.OTEL_METRICS_EXPORTER,
    }),
    headers: parseHeaders(variables.OTEL_EXPORTER_OTLP_HEADERS),
    protocol: protocol === "http/protobuf" ? protocol : "http/json",
  };
}

function urlsUnder(
  endpoint: string | undefined,
  exporters: Readonly<Record<Signal, string | undefined>>,
): OtlpSettings["urls"] {
  if (!endpoint?.trim() || !URL.canParse(endpoint)) return {};
  const url = new URL(endpoint);
  if (url.protocol !== "http:" && url.protocol !== "https:") return {};
  const base = url.pathname.replace(/\/+$/, "");
  const urls: Partial<Record<Signal, string>> = {};
  for (const signal of SIGNALS) {
    url.pathname = `${base}/v1/${signal}`;
    if (exporters[signal]?.trim() !== "none") urls[signal] = url.href;
  }
  return urls;
}

/** `key=value,key=value` with percent-encoded values (W3C Baggage form); entries that do not parse are skipped. */
function parseHeaders(list: string | undefined): HttpHeaders {
  const headers: Record<string, string> = {};
  for (const entry of (list ?? "").split(",")) {
    const equals = entry.indexOf("=");
    const name = entry.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) continue;
    headers[name] = decoded(entry.slice(equals + 1).trim());
  }
  return headers;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
