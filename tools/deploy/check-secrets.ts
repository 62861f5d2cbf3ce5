/** Pure. That no secret is a variable: those are in git, and shown by the dashboard to whoever may look. Values are never told. */
import { type Finding, ok, problem } from "./finding.ts";
import { OPTIONAL_SECRETS, REQUIRED_SECRETS } from "./needs.ts";
import type { Target } from "./target.ts";

const SECRETS: readonly string[] = [...REQUIRED_SECRETS, ...OPTIONAL_SECRETS];
const SECRET_NAME = /SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY|HEADERS$/i;
const SECRET_VALUE = [
  { what: "a private key", pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: "an AWS access key id", pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: "a bearer token", pattern: /\bBearer\s+\S{12,}/i },
];

export function checkSecrets({ environment, config }: Target): Finding[] {
  const leaked = Object.entries(config.vars).flatMap(([name, value]) => {
    const why = whySecret(name, value);
    const next = `take it out of wrangler.toml, make a new one (this one is in git), and: npx wrangler secret put ${name} --env ${environment}`;
    return why === null ? [] : [problem("secrets", `the variable ${name} ${why}`, next)];
  });
  return [
    ...leaked,
    checkRequired({ environment, config }),
    ...(leaked.length === 0 ? [ok("secrets", "none is among the variables")] : []),
  ];
}

function whySecret(name: string, value: unknown): string | null {
  if (SECRETS.includes(name) || SECRET_NAME.test(name)) return "is a secret by its name";
  if (typeof value !== "string") return null;
  const found = SECRET_VALUE.find(({ pattern }) => pattern.test(value));
  return found === undefined ? null : `has ${found.what} in it`;
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
