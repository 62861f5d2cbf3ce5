/** What telemetry needs to know, read per request, so that an edit needs no restart of the isolate. */
import { type OtlpSettings, type OtlpVariables, otlpSettings } from "../../otlp/settings.ts";

export interface TelemetrySettings {
  otlp: OtlpSettings;
  /** Share of new traces that are exported, 0 to 1; a caller's own sampling decision goes before it. */
  sampleRatio: number;
  /** Paths that may appear in a trace; any other path could hold a caller's text. */
  routes: readonly string[];
}

/** Everything is traced unless `sampleRatio` says otherwise. */
export function telemetrySettings(
  variables: OtlpVariables,
  routes: readonly string[],
  sampleRatio = 1,
): TelemetrySettings {
  return { otlp: otlpSettings(variables), sampleRatio, routes };
}
