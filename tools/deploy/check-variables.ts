/** Pure. The variables besides the origin's, the key and those that say who may call. */
import { MODEL_ID } from "../../policies/schema.ts";
import { type Finding, ok, problem, quoted, warning } from "./finding.ts";
import { placeholderIn } from "./placeholder.ts";
import { hasCredentials } from "./secret-shape.ts";
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
  const next = "set it to your backend's OTLP/HTTP base URL, see docs/telemetry-backends.md";
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
