/** What telemetry needs to know, read per request, so that an edit needs no restart of the isolate. */

import { type OtlpSettings, type OtlpVariables, otlpSettings } from "../../otlp/settings.ts";
import { SAMPLE_ALL, type Sampling } from "./keep.ts";

export interface TelemetrySettings {
  otlp: OtlpSettings;
  /** As the policy has it that is known when the request comes in. */
  sampling: Sampling;
  /** Paths that may appear in a trace; any other path could hold a caller's text. */
  routes: readonly string[];
}

export function telemetrySettings(
  variables: OtlpVariables,
  routes: readonly string[],
  sampling: Sampling = SAMPLE_ALL,
): TelemetrySettings {
  return { otlp: otlpSettings(variables), sampling, routes };
}
