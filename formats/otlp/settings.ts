/** OTLP's environment variables, parsed. Pure: no I/O, no clock. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
import { SIGNALS, type Signal } from "./messages.ts";

export type HttpHeaders = Readonly<Record<string, string>>;

/** `http/json` unless the other is configured: every receiver of OTLP over HTTP reads both, and people can read JSON. */
export type Protocol = "http/json" | "http/protobuf";

/** The variables that every OTLP exporter reads. */
export interface OtlpVariables {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: string | undefined;
  OTEL_EXPORTER_OTLP_PROTOCOL?: string | undefined;
  /** `none` turns a signal off, for a backend that does not accept it. */
  OTEL_TRACES_EXPORTER?: string | undefined;
  OTEL_LOGS_EXPORTER?: string | undefined;
  OTEL_METRICS_EXPORTER?: string | undefined;
}

export interface OtlpSettings {
  /** Where each signal is sent. A signal without a URL is not exported; without a usable endpoint none has one. */
  urls: Readonly<Partial<Record<Signal, string>>>;
  /** Sent with every export, such as a backend's API key. */
  headers: HttpHeaders;
  protocol: Protocol;
}

/** Never fails: an endpoint that is no http(s) URL turns exporting off, and header entries that do not parse are skipped. */
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
