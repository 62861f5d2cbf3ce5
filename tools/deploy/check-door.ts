/** Pure. By which addresses callers reach it, and what Cloudflare itself would keep of their requests. */
import { type Finding, ok, problem, warning } from "./finding.ts";
import { isPlaceholder, placeholderIn } from "./placeholder.ts";
import { routesOf, type Target } from "./target.ts";

/** The platform's largest. */
const CPU_MAX_MS = 300_000;

export function checkDoor(target: Target): Finding[] {
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
