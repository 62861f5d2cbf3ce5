/** Pure. The variables besides the origin's, the key and those that say who may call. */
import { MODEL_ID } from "../../formats/model-package/names.ts";
import { OPTIONAL_SECRETS, REQUIRED_SECRETS } from "./check-bindings.ts";
import { type Finding, ok, placeholderIn, problem, quoted, warning } from "./finding.ts";
import { hasCredentials, secretIn } from "./secret-shape.ts";
import type { Target } from "./target.ts";

export function checkVariables({ config: { vars } }: Target): Finding[] {
  return [checkModel(vars["MODEL"]), checkOtlp(vars["OTEL_EXPORTER_OTLP_ENDPOINT"])];
}

function checkModel(model: unknown): Finding {
  const next = "set it to what npx spillway model publish prints, <name>@<64 hex digits>";
  if (model === undefined || model === "") return problem("MODEL", "is not set", next);
  if (typeof model === "string" && MODEL_ID.test(model)) return ok("MODEL", `is ${model.replace(/(@.{12}).*/, "$1…")}`);
  return problem("MODEL", `is ${quoted(model)}`, next);
}

function checkOtlp(endpoint: unknown): Finding {
  const check = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const next = "set it to your backend's OTLP/HTTP base URL, see docs/guide/telemetry-backends.md";
  const secret = "its key goes into the secret OTEL_EXPORTER_OTLP_HEADERS; make a new one, since this one is in git";
  if (endpoint === undefined || endpoint === "")
    return warning(check, "is not set: no trace, log or metric is kept", next);
  if (typeof endpoint !== "string") return problem(check, `is ${quoted(endpoint)}`, next);
  // Before anything that would show it.
  if (hasCredentials(endpoint)) return problem(check, "has credentials in it", secret);
  const placeholder = placeholderIn(endpoint);
  if (placeholder !== null) return problem(check, `${quoted(endpoint)} ${placeholder}`, next);
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url !== null && (url.search !== "" || url.hash !== "")) {
    return problem(check, "has a query or a fragment; it must be a base URL", secret);
  }
  return url?.protocol === "https:"
    ? ok(check, `is ${quoted(endpoint)}`)
    : problem(check, `is ${quoted(endpoint)}; it must be an https URL`, next);
}

/** Pure. That no secret is a variable: those are in git, and shown by the dashboard to whoever may look. Values are never told. */

const SECRETS: readonly string[] = [...REQUIRED_SECRETS, ...OPTIONAL_SECRETS];
const SECRET_NAME = /SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY|HEADERS$/i;
/** Each is looked at by a check of its own, which knows where its credentials belong. */
const ADDRESSES: readonly string[] = ["ORIGIN_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "CORS_ORIGINS"];
const ADDRESS_WITH_PASSWORD = /:\/\/[^/?#\s"]*@/;

export function checkSecrets({ environment, config }: Target): Finding[] {
  const leaked = Object.entries(config.vars).flatMap(([name, value]) => {
    const why = whySecret(name, value);
    const next = `take it out of wrangler.toml, make a new one (this one is in git), and: npx wrangler secret put ${name} --env ${environment}`;
    return why === null ? [] : [problem("secrets", `the variable ${name} ${why}`, next)];
  });
  const isClean = leaked.length === 0 && !ADDRESSES.some((name) => hasCredentials(config.vars[name]));
  return [
    ...leaked,
    checkRequired({ environment, config }),
    ...(isClean ? [ok("secrets", "none is among the variables")] : []),
  ];
}

function whySecret(name: string, value: unknown): string | null {
  if (SECRETS.includes(name) || SECRET_NAME.test(name)) return "is a secret by its name";
  // A digest, and looked at by a check of its own.
  const found = name === "MODEL" ? null : secretIn(value);
  if (found !== null) return `has ${found} in it`;
  const isLeft = hasCredentials(value) && !ADDRESSES.includes(name);
  return isLeft && ADDRESS_WITH_PASSWORD.test(String(value)) ? "is an address with credentials in it" : null;
}

/** wrangler uploads nothing while one of these is not set in the account. */
function checkRequired({ environment, config: { secrets } }: Target): Finding {
  const check = "required secrets";
  const missing = REQUIRED_SECRETS.filter((name) => !secrets?.required?.includes(name));
  if (missing.length === 0)
    return ok(check, `${REQUIRED_SECRETS.join(", ")}: looked for in the account before an upload`);
  const next = `add to required under [env.${environment}.secrets]`;
  return problem(check, `${missing.join(", ")} would not be missed by wrangler`, next);
}
