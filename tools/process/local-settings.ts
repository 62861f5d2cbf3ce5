/** The settings of the system on this machine, from the environment: ports, folders, telemetry, access. */
import { resolve } from "node:path";
import { RATES } from "../../formats/api-key.ts";
import { originUrlProblem } from "../../formats/origin-url.ts";
import { isOtlpVariable, otlpSettings } from "../../formats/otlp/settings.ts";
import { CHECKOUT_FOLDER } from "./checkout.ts";

export interface LocalSettings {
  /** Local KV, R2 and Durable Objects, where `wrangler … --local` commands look. */
  persistFolder: string;
  /** Logs, the local signing key and the gateway's variables. */
  stateFolder: string;
  modelFolder: string;
  gatewayPort: number;
  /** Of the control plane, which has the ledger. */
  controlPort: number;
  /** Null when `SPILLWAY_ORIGIN_URL` names another origin: no local origin is started. */
  originPort: number | null;
  originUrl: string;
  /** Null when `OTEL_…` variables name another backend or disable telemetry: no viewer is started. */
  viewerPort: number | null;
  /** The `OTEL_…` variables of both sides. */
  otlp: Readonly<Record<string, string>>;
  region: string;
  access: AccessSettings;
  /** Of the control plane: who has it sees everything and changes nothing. Null if it is not set. */
  readOnlyToken: string | null;
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

/** @throws Error with one sentence when a value is not a port, a URL or a choice that exists, or an `OTEL_…` variable cannot be obeyed */
export function readSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const originUrl = givenOrigin(env);
  const otlp = givenOtlp(env);
  const originPort = port(env, "SPILLWAY_ORIGIN_PORT", 8790);
  const viewerPort = port(env, "SPILLWAY_OTLP_PORT", 4318);
  const gatewayPort = port(env, "SPILLWAY_PORT", 8787);
  const controlPort = port(env, "SPILLWAY_CONTROL_PORT", 8788);
  const ports = {
    SPILLWAY_PORT: gatewayPort,
    SPILLWAY_CONTROL_PORT: controlPort,
    ...(!originUrl && { SPILLWAY_ORIGIN_PORT: originPort }),
    ...(otlp === null && { SPILLWAY_OTLP_PORT: viewerPort }),
  };
  mustDiffer(ports);
  // Tests and benchmarks set this, so that their state is separate from the developer's.
  const otherState = env["SPILLWAY_STATE_DIR"];
  return {
    persistFolder: otherState ? `${otherState}/wrangler` : ".wrangler/state",
    stateFolder: otherState || ".spillway",
    modelFolder: env["SPILLWAY_MODEL_DIR"] || "models/mail-tagger",
    gatewayPort,
    controlPort,
    originPort: originUrl ? null : originPort,
    originUrl: originUrl || `http://127.0.0.1:${originPort}/`,
    viewerPort: otlp === null ? viewerPort : null,
    otlp: otlp ?? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${viewerPort}` },
    region: env["AWS_REGION"] || "us-east-1",
    access: {
      ANONYMOUS_ACCESS: oneOf(["refused", "allowed"], env, "ANONYMOUS_ACCESS") ?? openToAll.ANONYMOUS_ACCESS,
      ANONYMOUS_RATE: oneOf([...RATES, "unlimited"], env, "ANONYMOUS_RATE") ?? openToAll.ANONYMOUS_RATE,
      // Blank too: the gateway refuses it, where unset would show the details to everyone.
      ...(env["OPERATOR_TOKEN"] !== undefined && { OPERATOR_TOKEN: env["OPERATOR_TOKEN"] }),
    },
    readOnlyToken: env["READ_ONLY_TOKEN"] ?? null,
    cors: env["CORS_ORIGINS"] ? { CORS_ORIGINS: env["CORS_ORIGINS"] } : {},
  };
}

/** The settings of this machine, with the folders of the local state as absolute paths. @throws Error as `readSettings` */
export function localSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const settings = readSettings(env);
  const inCheckout = (folder: string) => resolve(CHECKOUT_FOLDER, folder);
  return {
    ...settings,
    persistFolder: inCheckout(settings.persistFolder),
    stateFolder: inCheckout(settings.stateFolder),
  };
}

const OTHER_BACKEND = /^OTEL_EXPORTER_OTLP_((TRACES|LOGS|METRICS)_)?ENDPOINT$/;

/**
 * What is passed on when another backend than the local viewer is used, or none: its address, key, encoding and signals.
 * Null if neither an endpoint is set nor telemetry is disabled: the viewer is used, and it gets no other backend's settings.
 * @throws Error with one sentence when a value cannot be obeyed
 */
function givenOtlp(env: NodeJS.ProcessEnv): Record<string, string> | null {
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      isOtlpVariable(name) && value?.trim() ? [[name, value.trim()]] : [],
    ),
  );
  const isDisabled = given["OTEL_SDK_DISABLED"] !== undefined && given["OTEL_SDK_DISABLED"].toLowerCase() !== "false";
  if (!isDisabled && !Object.keys(given).some((name) => OTHER_BACKEND.test(name))) return null;
  const { problems } = otlpSettings(given);
  if (problems.length === 0) return given;
  throw new Error(
    `${problems.map(({ name, message }) => `${name} ${message}`).join("; ")}. See docs/guide/telemetry-backends.md.`,
  );
}

/** @throws Error with one sentence if two services have one port */
function mustDiffer(ports: Readonly<Record<string, number>>): void {
  const entries = Object.entries(ports);
  for (const [index, [name, number]] of entries.entries()) {
    const [other] = entries.slice(0, index).find(([, earlier]) => earlier === number) ?? [];
    if (other !== undefined)
      throw new Error(`${other} and ${name} are both ${number}; each service needs its own port.`);
  }
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = env[name];
  if (value === undefined || value === "") return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new Error(`${name} is "${value}"; it must be a port number from 1 to 65535.`);
}

/** Checked before the start: a gateway with another value refuses every request. Null when it is not set. */
function oneOf(allowed: readonly string[], env: NodeJS.ProcessEnv, name: string): string | null {
  const value = env[name] || null;
  if (value === null || allowed.includes(value)) return value;
  throw new Error(`${name} is "${value}"; it must be one of ${allowed.join(", ")}.`);
}

/** Null when it is not set. Checked as the gateway does, which would refuse every request. */
function givenOrigin(env: NodeJS.ProcessEnv): string | null {
  const url = env["SPILLWAY_ORIGIN_URL"]?.trim() || null;
  const problem = url === null ? null : originUrlProblem(url);
  if (problem === null) return url;
  throw new Error(`SPILLWAY_ORIGIN_URL ${problem}, as in https://abc.lambda-url.us-east-1.on.aws/.`);
}
