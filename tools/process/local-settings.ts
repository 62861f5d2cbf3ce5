/** The settings of the system on this machine, from the environment: ports, folders, telemetry, access. */
import type { OtlpVariables } from "../../formats/otlp/settings.ts";

export interface LocalSettings {
  /** Local KV, R2 and Durable Objects, where `wrangler … --local` commands look. */
  persistFolder: string;
  /** Logs, the local signing key and the gateway's variables. */
  stateFolder: string;
  modelFolder: string;
  gatewayPort: number;
  /** Null when `SPILLWAY_ORIGIN_URL` names another origin: no local origin is started. */
  originPort: number | null;
  originUrl: string;
  /** Null when `OTEL_EXPORTER_OTLP_ENDPOINT` names another backend: no viewer is started. */
  viewerPort: number | null;
  /** The `OTEL_…` variables of both sides. */
  otlp: Readonly<Record<string, string>>;
  region: string;
  access: AccessSettings;
  /** Web origins that may read answers. Empty: the value of `wrangler.toml` applies. */
  cors: { CORS_ORIGINS?: string };
}

/** The gateway's access variables. Anonymous access is allowed unless the environment sets another value. */
export interface AccessSettings {
  ANONYMOUS_ACCESS: string;
  ANONYMOUS_RATE: string;
  OPERATOR_TOKEN?: string;
}

/** Variables of a gateway without API keys and rate limits: for a developer's machine, tests and benchmarks. */
export const openToAll = { ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "unlimited" };

/** @throws Error with one sentence when a value is not a port */
export function readSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const originUrl = env["SPILLWAY_ORIGIN_URL"];
  const otlpEndpoint = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const originPort = port(env, "SPILLWAY_ORIGIN_PORT", 8790);
  const viewerPort = port(env, "SPILLWAY_OTLP_PORT", 4318);
  // Tests and benchmarks set this, so that their state is separate from the developer's.
  const otherState = env["SPILLWAY_STATE_DIR"];
  return {
    persistFolder: otherState ? `${otherState}/wrangler` : ".wrangler/state",
    stateFolder: otherState || ".spillway",
    modelFolder: env["SPILLWAY_MODEL_DIR"] || "models/mail-tagger",
    gatewayPort: port(env, "SPILLWAY_PORT", 8787),
    originPort: originUrl ? null : originPort,
    originUrl: originUrl || `http://127.0.0.1:${originPort}/`,
    viewerPort: otlpEndpoint ? null : viewerPort,
    otlp: otlpEndpoint ? givenOtlp(env) : { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${viewerPort}` },
    region: env["AWS_REGION"] || "us-east-1",
    access: {
      ANONYMOUS_ACCESS: env["ANONYMOUS_ACCESS"] || openToAll.ANONYMOUS_ACCESS,
      ANONYMOUS_RATE: env["ANONYMOUS_RATE"] || openToAll.ANONYMOUS_RATE,
      ...(env["OPERATOR_TOKEN"] && { OPERATOR_TOKEN: env["OPERATOR_TOKEN"] }),
    },
    cors: env["CORS_ORIGINS"] ? { CORS_ORIGINS: env["CORS_ORIGINS"] } : {},
  };
}

/** Passed on when another backend than the local viewer is used: its address, key, encoding and signals. */
const OTLP_VARIABLES = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_TRACES_EXPORTER",
  "OTEL_LOGS_EXPORTER",
  "OTEL_METRICS_EXPORTER",
] as const satisfies readonly (keyof OtlpVariables)[];

function givenOtlp(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(OTLP_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = env[name];
  if (value === undefined || value === "") return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new Error(`${name} is "${value}"; it must be a port number from 1 to 65535.`);
}
