/** Pure. The model, the telemetry backend, and that no variable contains a secret. The other variables have files of their checks. */
import { MODEL_ID } from "../../formats/model-package/names.ts";
import { isOtlpVariable, otlpSettings } from "../../formats/otlp/settings.ts";
import { OPTIONAL_SECRETS, REQUIRED_SECRETS } from "./check-bindings.ts";
import { type Finding, ok, placeholderIn, problem, quoted, warning } from "./finding.ts";
import { hasCredentials, secretIn, tokenIn } from "./secret-shape.ts";
import type { Target, TargetConfig } from "./target.ts";

const SECRETS: readonly string[] = [...REQUIRED_SECRETS, ...OPTIONAL_SECRETS];
const SECRET_NAME = /SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY|HEADERS$/i;
/** Addresses with separate checks, which report where their credentials belong. */
const OTLP_ENDPOINTS = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
] as const;
const ADDRESSES: readonly string[] = ["ORIGIN_URL", "CORS_ORIGINS", ...OTLP_ENDPOINTS];
const ADDRESS_WITH_PASSWORD = /:\/\/[^/?#\s"]*@/;

/** Checks `MODEL` and the variables of OpenTelemetry. */
export function checkVariables({ config: { vars } }: Target): Finding[] {
  return [checkModel(vars["MODEL"]), ...checkOtlp(vars)];
}

function checkModel(model: unknown): Finding {
  const next = "Set it to the value that `npx spillway model publish` prints.";
  if (model === undefined || model === "") return problem("MODEL", "is not set", next);
  if (typeof model === "string" && MODEL_ID.test(model)) return ok("MODEL", `is ${model.replace(/(@.{12}).*/, "$1…")}`);
  return problem("MODEL", `is ${quoted(model)}; it must be <name>@<64 hex digits>`, next);
}

const NEXT_OTLP = "Set it to your backend's OTLP/HTTP base URL; see docs/guide/telemetry-backends.md.";

/** First the addresses, before a finding shows one that contains a secret; then what the gateway's parser rejects. */
function checkOtlp(vars: TargetConfig["vars"]): Finding[] {
  const isSet = (name: string) => String(vars[name] ?? "").trim() !== "";
  const set = OTLP_ENDPOINTS.filter(isSet);
  const addresses = set.map((name) => checkOtlpEndpoint(name, vars[name]));
  const rejected = addresses.filter(({ state }) => state === "problem").map(({ check }) => check);
  // A secret among the variables has a separate finding, without its value.
  const problems = otlpSettings(vars).problems.filter(({ name }) => ![...rejected, ...SECRETS].includes(name));
  const unread = Object.keys(vars).filter((name) => name.startsWith("OTEL_") && isSet(name) && !isOtlpVariable(name));
  const { OTEL_SDK_DISABLED: disabled } = vars;
  const isDisabled = typeof disabled === "string" && disabled.trim().toLowerCase() === "true";
  return [
    ...silence(set.length > 0, isDisabled),
    // An address that nothing is sent to is not shown as right.
    ...addresses.filter(
      ({ check, state }) => !problems.some(({ name }) => name === check) && !(isDisabled && state === "ok"),
    ),
    ...problems.map(({ name, message }) => {
      const shown = secretIn(vars[name]) === null ? message : `is ${quoted(vars[name])}`;
      return problem(name, shown, "See docs/guide/telemetry-backends.md.");
    }),
    ...unread.map((name) => problem(name, "is not supported: the gateway would ignore it", "Remove it.")),
  ];
}

/** A deployment may export nothing, but not unnoticed. */
function silence(hasEndpoint: boolean, isDisabled: boolean): Finding[] {
  const nothing = "no traces, logs or metrics are exported";
  if (isDisabled) return [warning("OTEL_SDK_DISABLED", `is true: ${nothing}`, "Remove it to export them.")];
  return hasEndpoint ? [] : [warning(OTLP_ENDPOINTS[0], `is not set: ${nothing}`, NEXT_OTLP)];
}

function checkOtlpEndpoint(check: (typeof OTLP_ENDPOINTS)[number], endpoint: unknown): Finding {
  const nextSecret =
    "Rotate the backend's key (this one is in git) and put it into the secret OTEL_EXPORTER_OTLP_HEADERS.";
  if (typeof endpoint !== "string") return problem(check, `is ${quoted(endpoint)}; it must be a string`, NEXT_OTLP);
  if (hasCredentials(endpoint)) return problem(check, "contains credentials", nextSecret);
  const placeholder = placeholderIn(endpoint);
  if (placeholder !== null) return problem(check, `${quoted(endpoint)} ${placeholder}`, NEXT_OTLP);
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url !== null && (url.search !== "" || url.hash !== "")) {
    return problem(check, "has a query or a fragment; it must be a base URL", nextSecret);
  }
  if (url?.protocol === "http:") return problem(check, `is ${quoted(endpoint)}; it must be an https URL`, NEXT_OTLP);
  // Text without a scheme is a problem of the gateway's parser, which suggests one.
  return ok(check, `is ${quoted(endpoint)}`);
}

/** Finds secrets among the variables, which are in git and visible in the dashboard, and secrets that wrangler does not require. */
export function checkSecrets({ environment, config }: Target): Finding[] {
  const leaked = Object.entries(config.vars).flatMap(([name, value]) => {
    const reason = secretReason(name, value);
    const next = `Remove it from wrangler.toml, rotate it (this one is in git), then run \`npx wrangler secret put ${name} --env ${environment}\`.`;
    return reason === null ? [] : [problem("secrets", `the variable ${name} ${reason}`, next)];
  });
  const isClean = leaked.length === 0 && !ADDRESSES.some((name) => hasCredentials(config.vars[name]));
  return [
    ...leaked,
    checkRequired({ environment, config }),
    ...(isClean ? [ok("secrets", "no variable contains one")] : []),
  ];
}

/** Why a variable is a secret, as the predicate of a sentence. */
function secretReason(name: string, value: unknown): string | null {
  if (SECRETS.includes(name) || SECRET_NAME.test(name)) return "has the name of a secret";
  // MODEL contains a digest, and has its own check.
  const token = name === "MODEL" ? null : tokenIn(value);
  if (token !== null) return `contains ${token}`;
  const isUnchecked = hasCredentials(value) && !ADDRESSES.includes(name);
  return isUnchecked && ADDRESS_WITH_PASSWORD.test(String(value)) ? "is a URL that contains credentials" : null;
}

/** wrangler refuses to upload while the account lacks a secret of this list. */
function checkRequired({ environment, config: { secrets } }: Target): Finding {
  const check = "required secrets";
  const missing = REQUIRED_SECRETS.filter((name) => !secrets?.required?.includes(name));
  if (missing.length === 0) return ok(check, `before an upload, wrangler requires ${REQUIRED_SECRETS.join(", ")}`);
  const next = `Add to required under [env.${environment}.secrets]: ${missing.join(", ")}.`;
  return problem(check, `${missing.join(", ")} not listed: wrangler would deploy without`, next);
}
