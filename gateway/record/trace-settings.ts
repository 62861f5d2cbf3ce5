/** What the Worker's variables say about tracing; read per request, so an edit needs no restart of the isolate. */
import { type HttpHeaders, parseOtlpHeaders, tracesUrl } from "./otlp-endpoint.ts";

export type TraceSettings = {
  /** Where traces go: the full URL of the signal; undefined exports nothing (trace ids are still made and passed on). */
  readonly url: string | undefined;
  /** Sent with every export, for example a backend's API key. */
  readonly headers: HttpHeaders;
  /** Share of new traces that are exported, 0 to 1; a caller's own sampling decision goes before it. */
  readonly sampleRatio: number;
  /** Paths that may appear in a trace; any other path could hold a caller's text. */
  readonly routes: readonly string[];
  /** `service.version`, for example the deployed version's id. */
  readonly serviceVersion?: string;
};

/** The OpenTelemetry variables, under the names every OTLP exporter uses. */
export type OtlpVariables = {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  readonly OTEL_EXPORTER_OTLP_HEADERS?: string;
};

/** Settings from the Worker's variables: everything is traced unless `sampleRatio` says otherwise. */
export function traceSettings(env: OtlpVariables, routes: readonly string[], sampleRatio = 1): TraceSettings {
  return {
    url: tracesUrl(env.OTEL_EXPORTER_OTLP_ENDPOINT),
    headers: parseOtlpHeaders(env.OTEL_EXPORTER_OTLP_HEADERS),
    sampleRatio,
    routes,
  };
}
