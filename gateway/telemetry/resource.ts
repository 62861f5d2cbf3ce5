/** Whose spans, log records and metrics these are. Pure. https://opentelemetry.io/docs/specs/semconv/resource/ */
import { type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";

export const SERVICE_NAME = "spillway-gateway";

/** The Worker's version, as Cloudflare binds it. `tag` is the commit that `npm run deploy` passed, or empty. */
export interface WorkerVersion {
  id: string;
  tag: string;
}

/**
 * The resource attributes of one isolate. `instanceId` is unique to it: a backend would take the deltas of two writers with one name
 * for those of one writer, out of order. `version` is null where the Worker is not deployed.
 */
export function resourceAttributes(instanceId: string, version: WorkerVersion | null): KeyValue[] {
  return keyValues({
    "service.name": SERVICE_NAME,
    "service.instance.id": instanceId,
    ...(version && { "faas.version": version.id, ...(version.tag && { "service.version": version.tag }) }),
    "cloud.provider": "cloudflare",
    "cloud.platform": "cloudflare.workers",
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.name": "@microlabs/otel-cf-workers",
  });
}
