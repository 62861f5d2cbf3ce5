/** Pure. The variables besides the origin's and the key. */
import { MODEL_ID } from "../../policies/schema.ts";
import { type Finding, ok, problem, quoted, warning } from "./finding.ts";
import { isPlaceholder } from "./placeholder.ts";
import type { Target } from "./target.ts";

export interface VariableOptions {
  /** Said on the command line: callers without a key are wanted. */
  allowAnonymous: boolean;
}

export function checkVariables(target: Target, options: VariableOptions): Finding[] {
  const { vars } = target.config;
  return [
    checkModel(vars["MODEL"]),
    checkAnonymous(target, options),
    ...checkCors(vars["CORS_ORIGINS"]),
    checkOtlp(vars),
  ];
}

function checkModel(model: unknown): Finding {
  const next = "set it to what npx spillway model publish prints, <name>@<64 hex digits>";
  if (model === undefined || model === "") return problem("MODEL", "is not set", next);
  if (typeof model === "string" && MODEL_ID.test(model)) return ok("MODEL", `is ${model.replace(/(@.{12}).*/, "$1…")}`);
  return problem("MODEL", `is ${quoted(model)}`, next);
}

/** Everywhere but in staging, an open door has to be said twice. */
function checkAnonymous({ environment, config: { vars } }: Target, { allowAnonymous }: VariableOptions): Finding {
  const check = "ANONYMOUS_ACCESS";
  const value = vars[check];
  if (value === undefined || value === "" || value === "refused") return ok(check, "callers need an API key");
  const next = `set it to "refused" under [env.${environment}.vars]`;
  if (value !== "allowed") return problem(check, `is ${quoted(value)}; it must be "refused" or "allowed"`, next);
  const says = 'is "allowed": everybody may call, and you pay';
  if (allowAnonymous || environment === "staging") return warning(check, says, next);
  return problem(check, says, `${next}, or say --allow-anonymous`);
}

function checkCors(value: unknown): Finding[] {
  if (value === undefined || value === "") return [];
  if (typeof value === "string" && !isPlaceholder(value)) return [ok("CORS_ORIGINS", `is ${quoted(value)}`)];
  return [
    problem("CORS_ORIGINS", `is ${quoted(value)}`, "name your site's origin, or take the line out: CORS is off then"),
  ];
}

function checkOtlp(vars: Readonly<Record<string, unknown>>): Finding {
  const check = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const endpoint = vars[check];
  const next = "set it to your backend's OTLP/HTTP base URL, see docs/telemetry-backends.md";
  if (endpoint === undefined || endpoint === "")
    return warning(check, "is not set: no trace, log or metric is kept", next);
  if (typeof endpoint !== "string" || isPlaceholder(endpoint)) return problem(check, `is ${quoted(endpoint)}`, next);
  const isHttps = URL.canParse(endpoint) && new URL(endpoint).protocol === "https:";
  return isHttps
    ? ok(check, `is ${endpoint}`)
    : problem(check, `is ${quoted(endpoint)}; it must be an https URL`, next);
}
