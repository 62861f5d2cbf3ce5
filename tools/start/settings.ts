/** Where everything listens, from the environment. */

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
  otlpEndpoint: string;
  region: string;
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
    otlpEndpoint: otlpEndpoint || `http://127.0.0.1:${viewerPort}`,
    region: env["AWS_REGION"] || "us-east-1",
  };
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = env[name];
  if (value === undefined || value === "") return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new Error(`${name} is "${value}"; it must be a port number from 1 to 65535.`);
}
