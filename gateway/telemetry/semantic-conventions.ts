/**
 * The names of OpenTelemetry's conventions that bundled libraries use. `alias` in wrangler.toml replaces the package with this file: it has 3,000
 * names, which a bundler cannot drop and V8 keeps (docs/decisions/035-a-small-heap.md). A test compares it with the package.
 */
export const ATTR_ERROR_TYPE = "error.type";
export const ATTR_EXCEPTION_MESSAGE = "exception.message";
export const ATTR_EXCEPTION_STACKTRACE = "exception.stacktrace";
export const ATTR_EXCEPTION_TYPE = "exception.type";
export const ATTR_FAAS_CRON = "faas.cron";
export const ATTR_FAAS_TIME = "faas.time";
export const ATTR_FAAS_TRIGGER = "faas.trigger";
export const ATTR_MESSAGING_DESTINATION_NAME = "messaging.destination.name";
export const ATTR_RPC_MESSAGE_ID = "rpc.message.id";
export const ATTR_SERVICE_NAME = "service.name";
export const ATTR_TELEMETRY_SDK_LANGUAGE = "telemetry.sdk.language";
export const ATTR_TELEMETRY_SDK_NAME = "telemetry.sdk.name";
export const ATTR_TELEMETRY_SDK_VERSION = "telemetry.sdk.version";
export const FAAS_TRIGGER_VALUE_PUBSUB = "pubsub";
export const FAAS_TRIGGER_VALUE_TIMER = "timer";
export const SEMRESATTRS_PROCESS_RUNTIME_NAME = "process.runtime.name";
export const SEMRESATTRS_SERVICE_NAME = "service.name";
export const SEMRESATTRS_TELEMETRY_SDK_LANGUAGE = "telemetry.sdk.language";
export const SEMRESATTRS_TELEMETRY_SDK_NAME = "telemetry.sdk.name";
export const SEMRESATTRS_TELEMETRY_SDK_VERSION = "telemetry.sdk.version";
export const TELEMETRYSDKLANGUAGEVALUES_WEBJS = "webjs";
export const TELEMETRY_SDK_LANGUAGE_VALUE_WEBJS = "webjs";

/** The names of version 1.20, in the form that otel-cf-workers reads. */
export const SemanticAttributes = {
  DB_NAME: "db.name",
  DB_OPERATION: "db.operation",
  DB_STATEMENT: "db.statement",
  DB_SYSTEM: "db.system",
  EXCEPTION_MESSAGE: "exception.message",
  EXCEPTION_STACKTRACE: "exception.stacktrace",
  EXCEPTION_TYPE: "exception.type",
  FAAS_COLDSTART: "faas.coldstart",
  FAAS_TRIGGER: "faas.trigger",
} as const;
