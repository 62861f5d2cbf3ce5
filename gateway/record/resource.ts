/** Whose spans, log records and metrics these are. https://opentelemetry.io/docs/specs/semconv/resource/ */
import { type KeyValue, keyValues } from "../../otlp/attributes.ts";

export const SERVICE_NAME = "spillway-gateway";

let attributes: KeyValue[] | undefined;

/** One list for the life of the isolate, made at its first request: before it there is no randomness. */
export function resource(): KeyValue[] {
  attributes ??= keyValues({
    "service.name": SERVICE_NAME,
    // Deltas of two writers under one name would be taken for one writer's, in disorder.
    "service.instance.id": crypto.randomUUID(),
    "cloud.provider": "cloudflare",
    "cloud.platform": "cloudflare.workers",
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.name": "@microlabs/otel-cf-workers",
  });
  return attributes;
}
