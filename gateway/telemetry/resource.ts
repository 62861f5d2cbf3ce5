/** Whose spans, log records and metrics these are. https://opentelemetry.io/docs/specs/semconv/resource/ */
import { type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";

export const SERVICE_NAME = "spillway-gateway";

/** Of the Worker, as Cloudflare binds it; `tag` is the commit that `npm run deploy` has named. */
export interface WorkerVersion {
  id: string;
  tag: string;
}

let version: WorkerVersion | undefined;
let attributes: KeyValue[] | undefined;

/** To be told before anything is exported: during a gradual deployment two versions are compared by it. */
export function runsAs(known: WorkerVersion | undefined): void {
  version = known;
}

/** One list for the life of the isolate, made at its first request: before it there is no randomness. */
export function resource(): KeyValue[] {
  attributes ??= keyValues({
    "service.name": SERVICE_NAME,
    // Deltas of two writers under one name would be taken for one writer's, in disorder.
    "service.instance.id": crypto.randomUUID(),
    ...(version && { "faas.version": version.id, ...(version.tag && { "service.version": version.tag }) }),
    "cloud.provider": "cloudflare",
    "cloud.platform": "cloudflare.workers",
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.name": "@microlabs/otel-cf-workers",
  });
  return attributes;
}

/** Milliseconds since 1970 as OTLP has time. Whole ones: a fraction of a nanosecond makes a receiver refuse the export. */
export function unixNano(ms: number): string {
  return `${Math.trunc(ms)}000000`;
}
