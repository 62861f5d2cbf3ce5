/** Pure. That no secret is a variable: those are in git, and shown by the dashboard to whoever may look. Values are never told. */
import { type Finding, ok, problem } from "./finding.ts";
import { OPTIONAL_SECRETS, REQUIRED_SECRETS } from "./needs.ts";
import { hasCredentials, secretIn } from "./secret-shape.ts";
import type { Target } from "./target.ts";

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
