/**
 * Who can call the gateway, at which addresses, and what Cloudflare would log of the requests. Access variables are checked with the
 * gateway's parsers: a value that they reject makes the gateway answer every request with 503.
 */
import { type AccessVariables, createAccess } from "../../gateway/authenticate/access.ts";
import { parseWebOrigins } from "../../gateway/respond/web-headers.ts";
import { parsePublicHost } from "../../gateway/telemetry/http-attributes.ts";
import { minPolicyVersionIn } from "../../policies/min-version.ts";
import { type Finding, isPlaceholder, ok, placeholderIn, problem, quoted, warning } from "./finding.ts";
import { secretIn } from "./secret-shape.ts";
import { routesOf, type Target } from "./target.ts";

export interface AccessOptions {
  /** `--allow-anonymous`: callers without an API key are intended. */
  allowAnonymous: boolean;
}

const ACCESS = "ANONYMOUS_ACCESS";
const RATE = "ANONYMOUS_RATE";
const CORS = "CORS_ORIGINS";
const ANSWERS_503 = "with this value, the gateway answers every request with 503";
const SET_ORIGIN = "Set it to your site's exact origin, or remove it to turn CORS off";
/** https://developers.cloudflare.com/workers/platform/limits/ */
const MAX_CPU_MS = 300_000;

/** Checks anonymous access, CORS, the oldest policy version and the public host. */
export function checkAccess(target: Target, options: AccessOptions): Finding[] {
  const invalid = [...checkValue(ACCESS, target), ...checkValue(RATE, target)];
  return [
    ...(invalid.length > 0 ? invalid : [checkAnonymous(target, options)]),
    ...checkCors(target.config.vars[CORS]),
    ...checkParsed("MIN_POLICY_VERSION", target, minPolicyVersionIn),
    ...checkParsed("PUBLIC_HOST", target, parsePublicHost),
  ];
}

/** An optional variable, with the gateway's parser. */
function checkParsed(
  name: "MIN_POLICY_VERSION" | "PUBLIC_HOST",
  { environment, config: { vars } }: Target,
  parse: (text: string) => { ok: true } | { ok: false; problem: string },
): Finding[] {
  const next = `Change it under [env.${environment}.vars]: ${ANSWERS_503}.`;
  const text = textOf(vars[name]);
  if (text === null) return [problem(name, `is ${quoted(vars[name])}; it must be a string`, next)];
  const parsed = parse(text);
  if (!parsed.ok) return [problem(name, withoutSecret(name, text, parsed.problem), next)];
  return text === "" ? [] : [ok(name, `is ${quoted(text)}`)];
}

/** One variable at a time, so that each problem is reported under the name of its variable. */
function checkValue(name: typeof ACCESS | typeof RATE, { environment, config: { vars } }: Target): Finding[] {
  const value = vars[name];
  const next = `Change it under [env.${environment}.vars]: ${ANSWERS_503}.`;
  const text = textOf(value);
  if (text === null) return [problem(name, `is ${quoted(value)}; it must be a string`, next)];
  const { problems } = parseAccess({ [name]: text });
  return problems.map((each) => problem(name, withoutSecret(name, value, each), next));
}

/** Outside of staging, anonymous access must be confirmed on the command line. */
function checkAnonymous({ environment, config: { vars } }: Target, { allowAnonymous }: AccessOptions): Finding {
  const [access, rate] = [textOf(vars[ACCESS]) ?? "", textOf(vars[RATE]) ?? ""];
  const { anonymous } = parseAccess({ ANONYMOUS_ACCESS: access, ANONYMOUS_RATE: rate });
  if (anonymous === "refused") return ok(ACCESS, "callers need an API key");
  const limit = anonymous === "unlimited" ? ", without a rate limit" : "";
  const message = `is "allowed": anyone can call the gateway${limit}, and you pay`;
  const next = `Set it to "refused" under [env.${environment}.vars]`;
  if (allowAnonymous || environment === "staging") return warning(ACCESS, message, `${next}.`);
  return problem(ACCESS, message, `${next}, or pass --allow-anonymous.`);
}

function checkCors(value: unknown): Finding[] {
  const next = `${SET_ORIGIN}: ${ANSWERS_503}.`;
  const text = textOf(value);
  if (text === null) return [problem(CORS, `is ${quoted(value)}; it must be a string`, next)];
  const cors = parseWebOrigins(text);
  if (!cors.ok) return [problem(CORS, withoutSecret(CORS, value, cors.problem), next)];
  if (cors.origins.length === 0) return [];
  const placeholder = placeholderIn(text);
  if (placeholder === null) return [ok(CORS, `is ${quoted(text)}`)];
  return [problem(CORS, `${quoted(text)} ${placeholder}`, `${SET_ORIGIN}.`)];
}

/** The parser's message, unless it would show a secret. */
function withoutSecret(name: string, value: unknown, message: string): string {
  return secretIn(value) === null ? message.replace(new RegExp(`^${name}:? `), "") : `is ${quoted(value)}`;
}

/** Null if it is set but not text: the Worker would get a number, a list or a table. */
function textOf(value: unknown): string | null {
  if (value === undefined) return "";
  return typeof value === "string" ? value : null;
}

/** The gateway's parser needs bindings. These substitutes are never called. */
function parseAccess(variables: Pick<AccessVariables, typeof ACCESS | typeof RATE>) {
  const limiter = { limit: async () => ({ success: false }) };
  const bindings = { RATE_SMALL: limiter, RATE_STANDARD: limiter, RATE_LARGE: limiter, FAILED_AUTH: limiter };
  const clock = { nowMs: () => 0, wait: async () => {} };
  const KEYS = { get: async () => null, list: async () => ({ keys: [], list_complete: true }) };
  return createAccess({ KEYS, ...bindings, ...variables }, clock);
}

/** Checks the addresses, Cloudflare's own logs, and the CPU limit, which bounds the cost of a request. */
export function checkExposure(target: Target): Finding[] {
  return [checkAddress(target), checkOwnLogs(target), checkCpu(target)];
}

function checkAddress(target: Target): Finding {
  const { environment, config } = target;
  const check = "address";
  const routes = routesOf(target);
  const table = `[env.${environment}]`;
  const placeholder = routes.find(isPlaceholder);
  if (placeholder !== undefined) {
    const next = `Set routes under ${table} to a domain of a zone in your account.`;
    return problem(check, `${placeholder} ${placeholderIn(placeholder)}`, next);
  }
  const hasWorkersDev = config.workers_dev === true;
  if (routes.length === 0 && !hasWorkersDev) {
    const next = `Add your domain to routes under ${table}, or set workers_dev = true.`;
    return problem(check, "the Worker has no address", next);
  }
  const addresses = [...routes, ...(hasWorkersDev ? [`${config.name ?? "the Worker"} on workers.dev`] : [])].join(
    " and ",
  );
  if (config.preview_urls === true) {
    const message = "each version gets a preview URL with access to the same secrets";
    return warning(check, message, `Set preview_urls = false under ${table}.`);
  }
  if (routes.length > 0 && hasWorkersDev) {
    const message = `${addresses}: workers.dev bypasses the zone's TLS version, firewall and rules`;
    return warning(check, message, `Set workers_dev = false under ${table}.`);
  }
  return ok(check, addresses);
}

function checkOwnLogs({ environment, config: { observability, logpush } }: Target): Finding {
  const check = "Cloudflare's own logs";
  const { enabled, logs, traces } = observability ?? {};
  const isOff = enabled === false && logs?.enabled !== true && traces?.enabled !== true && logpush !== true;
  if (isOff) return ok(check, "are off: telemetry is exported over OTLP only");
  const next = `Set observability = { enabled = false } and logpush = false under [env.${environment}].`;
  return warning(check, "are on, in addition to OTLP", next);
}

function checkCpu({ environment, config: { limits } }: Target): Finding {
  const check = "CPU limit";
  const cpuMs = limits?.cpu_ms;
  if (cpuMs === undefined) {
    const next = `Set limits = { cpu_ms = 30000 } under [env.${environment}].`;
    return warning(check, "is not set: the account's default applies", next);
  }
  if (Number.isInteger(cpuMs) && cpuMs > 0 && cpuMs <= MAX_CPU_MS) return ok(check, `is ${cpuMs} ms per request`);
  const message = `is ${cpuMs} ms; it must be a whole number up to ${MAX_CPU_MS}`;
  return problem(check, message, `Set limits.cpu_ms under [env.${environment}].`);
}
