/**
 * Who may call, judged by the gateway's own parsers: what they cannot obey would refuse every request with 503, and nobody would know
 * before the deployment.
 */
import { type AccessVariables, createAccess } from "../../gateway/authenticate/access.ts";
import { parseWebOrigins } from "../../gateway/respond/web-headers.ts";
import { type Finding, isPlaceholder, ok, placeholderIn, problem, quoted, warning } from "./finding.ts";
import { whyHidden } from "./secret-shape.ts";
import { routesOf, type Target } from "./target.ts";

export interface AccessOptions {
  /** Said on the command line: callers without a key are wanted. */
  allowAnonymous: boolean;
}

const ACCESS = "ANONYMOUS_ACCESS";
const RATE = "ANONYMOUS_RATE";
const CORS = "CORS_ORIGINS";
const REFUSES_ALL = "as it is, every request would be refused with 503";
const NAME_YOUR_SITE = "name your site's exact origin, or take the line out: CORS is off then";

export function checkAccess(target: Target, options: AccessOptions): Finding[] {
  const { vars } = target.config;
  const bad = [...disobeyed(ACCESS, target), ...disobeyed(RATE, target)];
  return [...(bad.length > 0 ? bad : [checkAnonymous(target, options)]), ...checkCors(vars[CORS])];
}

/** Alone, so that what is said is said of it. */
function disobeyed(name: typeof ACCESS | typeof RATE, { environment, config: { vars } }: Target): Finding[] {
  const value = vars[name];
  const next = `change it under [env.${environment}.vars]: ${REFUSES_ALL}`;
  const text = textOf(value);
  if (text === null) return [problem(name, `is ${quoted(value)}; it must be text`, next)];
  const { problems } = parsed({ [name]: text });
  return problems.map((each) => problem(name, shown(name, value, each), next));
}

/** Everywhere but in staging, an open door has to be said twice. */
function checkAnonymous({ environment, config: { vars } }: Target, { allowAnonymous }: AccessOptions): Finding {
  const [access, rate] = [textOf(vars[ACCESS]) ?? "", textOf(vars[RATE]) ?? ""];
  const { anonymous } = parsed({ ANONYMOUS_ACCESS: access, ANONYMOUS_RATE: rate });
  if (anonymous === "refused") return ok(ACCESS, "callers need an API key");
  const much = anonymous === "unlimited" ? ", as often as they like" : "";
  const says = `is "allowed": everybody may call${much}, and you pay`;
  const next = `set it to "refused" under [env.${environment}.vars]`;
  if (allowAnonymous || environment === "staging") return warning(ACCESS, says, next);
  return problem(ACCESS, says, `${next}, or say --allow-anonymous`);
}

function checkCors(value: unknown): Finding[] {
  const next = `${NAME_YOUR_SITE}; ${REFUSES_ALL}`;
  const text = textOf(value);
  if (text === null) return [problem(CORS, `is ${quoted(value)}; it must be text`, next)];
  const cors = parseWebOrigins(text);
  if (!cors.ok) return [problem(CORS, shown(CORS, value, cors.problem), next)];
  if (cors.origins.length === 0) return [];
  const placeholder = placeholderIn(text);
  if (placeholder === null) return [ok(CORS, `is ${quoted(text)}`)];
  return [problem(CORS, `${quoted(text)} ${placeholder}`, NAME_YOUR_SITE)];
}

/** A parser's words, unless they would show what nobody should see. */
function shown(name: string, value: unknown, words: string): string {
  return whyHidden(value) === null ? words.replace(new RegExp(`^${name}:? `), "") : `is ${quoted(value)}`;
}

/** Null where it is neither text nor nothing: the Worker would get a number, a list or a table. */
function textOf(value: unknown): string | null {
  if (value === undefined) return "";
  return typeof value === "string" ? value : null;
}

/** Bindings stand in that nobody asks; only the variables are looked at. */
function parsed(variables: Pick<AccessVariables, typeof ACCESS | typeof RATE>) {
  const limiter = { limit: async () => ({ success: false }) };
  const bindings = { RATE_SMALL: limiter, RATE_STANDARD: limiter, RATE_LARGE: limiter, FAILED_AUTH: limiter };
  const clock = { nowMs: () => 0, wait: async () => {} };
  return createAccess({ KEYS: { get: async () => null }, ...bindings, ...variables }, clock);
}

/** Pure. By which addresses callers reach it, and what Cloudflare itself would keep of their requests. */

/** The platform's largest. */
const CPU_MAX_MS = 300_000;

export function checkExposure(target: Target): Finding[] {
  return [checkAddress(target), checkOwnLogs(target), checkCpu(target)];
}

function checkAddress(target: Target): Finding {
  const { environment, config } = target;
  const check = "address";
  const routes = routesOf(target);
  const where = `routes under [env.${environment}]`;
  const placeholder = routes.find(isPlaceholder);
  if (placeholder !== undefined) {
    return problem(
      check,
      `${placeholder} ${placeholderIn(placeholder)}`,
      `put a name of a zone in your account into ${where}`,
    );
  }
  if (routes.length === 0 && config.workers_dev !== true) {
    return problem(check, "nothing leads to it", `put your domain into ${where}, or set workers_dev = true`);
  }
  const all = [...routes, ...(config.workers_dev === true ? [`${config.name ?? "it"} at workers.dev`] : [])];
  if (config.preview_urls === true) {
    const says = "each version gets a preview URL of its own, with the same secrets behind it";
    return warning(check, says, `set preview_urls = false under [env.${environment}]`);
  }
  if (routes.length > 0 && config.workers_dev === true) {
    const says = `${all.join(" and ")}: workers.dev is a second door, past the zone's TLS version, firewall and rules`;
    return warning(check, says, `set workers_dev = false under [env.${environment}]`);
  }
  return ok(check, all.join(" and "));
}

function checkOwnLogs({ config: { observability, logpush } }: Target): Finding {
  const check = "Cloudflare's own logs";
  const { enabled, logs, traces } = observability ?? {};
  const isOff = enabled === false && logs?.enabled !== true && traces?.enabled !== true && logpush !== true;
  if (isOff) return ok(check, "are off: telemetry goes over OTLP alone");
  const next = "set observability = { enabled = false } and logpush = false";
  return warning(check, "are on, besides what goes over OTLP", next);
}

function checkCpu({ environment, config: { limits } }: Target): Finding {
  const check = "CPU limit";
  const cpuMs = limits?.cpu_ms;
  if (cpuMs === undefined) {
    return warning(check, "is not set, so the account's default holds", `set limits = { cpu_ms = 30000 }`);
  }
  const isAllowed = Number.isInteger(cpuMs) && cpuMs > 0 && cpuMs <= CPU_MAX_MS;
  if (isAllowed) return ok(check, `is ${cpuMs} ms a request`);
  return problem(
    check,
    `is ${cpuMs} ms`,
    `set limits.cpu_ms under [env.${environment}] to a whole number up to ${CPU_MAX_MS}`,
  );
}
