/** Where everything listens and who may call, from the environment. */
import type { OtlpVariables } from "../../formats/otlp/settings.ts";

export interface StartSettings {
  /** Local KV, R2 and Durable Objects: where plain `wrangler … --local` commands look. */
  persistFolder: string;
  /** Logs and the gateway's variables. */
  stateFolder: string;
  modelFolder: string;
  gatewayPort: number;
  /** Null when `SPILLWAY_ORIGIN_URL` names another origin: then no local one is started. */
  originPort: number | null;
  originUrl: string;
  /** Null when `OTEL_EXPORTER_OTLP_ENDPOINT` names another backend: then no viewer is started. */
  viewerPort: number | null;
  /** The `OTEL_…` variables that both sides read. */
  otlp: Readonly<Record<string, string>>;
  region: string;
  access: AccessSettings;
  /** Whose web pages may read answers; empty leaves it to `wrangler.toml`. */
  cors: { CORS_ORIGINS?: string };
}

/** As the gateway knows them; open to everybody unless the environment says otherwise. */
export interface AccessSettings {
  ANONYMOUS_ACCESS: string;
  ANONYMOUS_RATE: string;
  OPERATOR_TOKEN?: string;
}

/** @throws Error with one sentence for people when a value is not a port. */
export function readSettings(env: NodeJS.ProcessEnv): StartSettings {
  const originUrl = env["SPILLWAY_ORIGIN_URL"];
  const otlpEndpoint = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const originPort = port(env, "SPILLWAY_ORIGIN_PORT", 8790);
  const viewerPort = port(env, "SPILLWAY_OTLP_PORT", 4318);
  // Tests and benchmarks keep their state apart from the developer's.
  const apart = env["SPILLWAY_STATE_DIR"];
  return {
    persistFolder: apart ? `${apart}/wrangler` : ".wrangler/state",
    stateFolder: apart || ".spillway",
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

/** For another backend than the local viewer: its key, its encoding and the signals that it takes. */
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

/** Variables of a gateway that asks nobody for a key and counts no requests: for a developer's machine, tests and benchmarks. */
export const openToAll = { ANONYMOUS_ACCESS: "allowed", ANONYMOUS_RATE: "unlimited" };
