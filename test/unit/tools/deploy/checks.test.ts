/** What `npm run deploy` reports of wrangler.toml: one valid deployment with one change per row. Nothing is built. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkAccess, checkExposure } from "../../../../tools/deploy/check-access.ts";
import { checkBindings } from "../../../../tools/deploy/check-bindings.ts";
import { checkSecrets, checkVariables } from "../../../../tools/deploy/check-variables.ts";
import { check } from "../../../../tools/deploy/checks.ts";
import type { Finding } from "../../../../tools/deploy/finding.ts";
import { readTargets, type Target, type Targets } from "../../../../tools/deploy/target.ts";
import { type FilledIn, fillIn } from "./filled-in.ts";
import { problems, warnings } from "./findings.ts";

const CONTROL_PLANE = "control-plane/wrangler.toml";

let scratch: string;
let deployment: FilledIn;
let toml: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-checks-"));
  deployment = await fillIn(scratch);
  toml = await readFile(deployment.config, "utf8");
}, 60_000);
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function bent(bend: (toml: string) => string = (same) => same): Promise<Targets & { target: Target }> {
  const text = bend(toml);
  await writeFile(deployment.config, text);
  const { target, ...rest } = await readTargets(deployment.config, "production");
  if (target === null) throw new Error("wrangler.toml has no production");
  return { target, ...rest };
}

/** Changes only the production half of the file. */
const inProduction = (bend: (part: string) => string) => (text: string) => {
  const at = text.indexOf("[env.production]");
  return text.slice(0, at) + bend(text.slice(at));
};
const replaced = (from: string | RegExp, to: string) => inProduction((part) => part.replace(from, to));

const variable = (line: string, from = "", to = "") =>
  inProduction((part) => part.replace(from, to).replace("MODEL =", `${line}\nMODEL =`));

function settingsOf({ target, others }: Targets & { target: Target }, allowAnonymous = false): Finding[] {
  return [
    ...checkBindings(target, others),
    ...checkVariables(target),
    ...checkAccess(target, { allowAnonymous }),
    ...checkSecrets(target),
    ...checkExposure(target),
  ];
}

describe("settings", () => {
  it("that are filled in have no problem, in both environments", async () => {
    expect(problems(settingsOf(await bent()))).toEqual([]);
    const { target, others } = await readTargets(deployment.config, "staging");
    expect(target !== null && problems(settingsOf({ target, others, environments: [] }))).toEqual([]);
  });

  it.each([
    [
      "KV POLICIES: is not bound",
      replaced(/\[\[env\.production\.kv_namespaces\]\]\nbinding = "POLICIES"\nid = ".*"/, ""),
    ],
    [
      "KV KEYS: is bound to a namespace of staging",
      replaced('"00000000000000000000000000000004"', '"00000000000000000000000000000002"'),
    ],
    ['KV KEYS: the ID is "keys"; it must be 32 hex digits', replaced('"00000000000000000000000000000004"', '"keys"')],
    ["R2 MODELS: is bound to the bucket of staging", replaced("spillway-production-models", "spillway-staging-models")],
    ["R2 MODELS: is not bound", replaced(/\[\[env\.production\.r2_buckets\]\]\n.*\n.*\n/, "")],
    [
      "KV KEYS: is the same namespace as POLICIES: write access to policies would allow creating API keys",
      replaced('"00000000000000000000000000000004"', '"00000000000000000000000000000003"'),
    ],
    ["rate limit RATE_SMALL: the period is 10 s; it must be 60 s", replaced("period = 60", "period = 10")],
    ["rate limit FAILED_AUTH: is not bound", replaced('name = "FAILED_AUTH"', 'name = "OTHER"')],
    [
      "rate limit RATE_SMALL: the namespace_id 7201 is used by another rate limit of staging",
      replaced('"7301"', '"7201"'),
    ],
    [
      "rate limit RATE_STANDARD: the namespace_id 7301 is used by another rate limit of production",
      replaced('"7302"', '"7301"'),
    ],
    [
      "version metadata: is not bound: telemetry cannot distinguish the versions",
      replaced(/version_metadata = .*/, ""),
    ],
    ["MODEL: is not set", replaced(/MODEL = ".*"/, "")],
    ['MODEL: is "tiny@latest"; it must be <name>@<64 hex digits>', replaced(/MODEL = ".*"/, 'MODEL = "tiny@latest"')],
    ['ANONYMOUS_ACCESS: is "allowed": anyone can call the gateway, and you pay', replaced('"refused"', '"allowed"')],
    ['ANONYMOUS_ACCESS: is "yes"; it must be one of refused, allowed', replaced('"refused"', '"yes"')],
    ["ANONYMOUS_ACCESS: is true; it must be a string", replaced('"refused"', "true")],
    [
      'ANONYMOUS_RATE: is "fast"; it must be one of small, standard, large, unlimited',
      variable('ANONYMOUS_RATE = "fast"'),
    ],
    [
      "required secrets: OPERATOR_TOKEN not listed: wrangler would deploy without",
      replaced(', "OPERATOR_TOKEN"]', "]"),
    ],
    [
      "secrets: the variable OTEL_EXPORTER_OTLP_HEADERS has the name of a secret",
      replaced("MODEL =", 'OTEL_EXPORTER_OTLP_HEADERS = "x"\nMODEL ='),
    ],
    [
      "secrets: the variable MAIL_PASSWORD has the name of a secret",
      replaced("MODEL =", 'MAIL_PASSWORD = "x"\nMODEL ='),
    ],
    [
      "secrets: the variable NOTE contains an AWS access key ID",
      replaced("MODEL =", 'NOTE = "AKIAIOSFODNN7EXAMPLE"\nMODEL ='),
    ],
    [
      "secrets: the variable NOTE contains a private key",
      replaced("MODEL =", 'NOTE = "-----BEGIN EC PRIVATE KEY-----"\nMODEL ='),
    ],
    ["address: the Worker has no address", replaced(/^routes = .*$/m, "")],
    [
      "CPU limit: is 300001 ms; it must be a whole number up to 300000",
      replaced("workers_dev = false", "workers_dev = false\nlimits = { cpu_ms = 300001 }"),
    ],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT: is "http://backend.spillway.dev"; it must be an https URL',
      replaced("MODEL =", 'OTEL_EXPORTER_OTLP_ENDPOINT = "http://backend.spillway.dev"\nMODEL ='),
    ],
    [
      'CORS_ORIGINS: "https://app.example.com" uses a domain reserved for examples',
      replaced("# CORS_ORIGINS", "CORS_ORIGINS"),
    ],
    [
      'CORS_ORIGINS: "https://app.spillway.dev/" is not an origin; did you mean "https://app.spillway.dev"?',
      variable('CORS_ORIGINS = "https://app.spillway.dev/"'),
    ],
    ["CORS_ORIGINS: is true; it must be a string", variable("CORS_ORIGINS = true")],
    ["MIN_POLICY_VERSION: is 18; it must be a string", variable("MIN_POLICY_VERSION = 18")],
    [
      'MIN_POLICY_VERSION: is "v18"; it must be a whole number from 0 to 999999999',
      variable('MIN_POLICY_VERSION = "v18"'),
    ],
    [
      'PUBLIC_HOST: is "https://app.spillway.dev"; it must be a host name without scheme and port, as in classify.example.com',
      variable('PUBLIC_HOST = "https://app.spillway.dev"'),
    ],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com" uses a domain reserved for examples',
      replaced("# OTEL_EXPORTER", "OTEL_EXPORTER"),
    ],
  ])("%s", async (expected, bend) => {
    expect(problems(settingsOf(await bent(bend)))).toEqual([expected]);
  });

  it.each([
    [
      "a second address on workers.dev",
      replaced("workers_dev = false", "workers_dev = true"),
      /^address: .*: workers.dev bypasses the zone/,
    ],
    [
      "preview URLs",
      replaced("workers_dev = false", "workers_dev = false\npreview_urls = true"),
      /^address: each version gets a preview URL/,
    ],
    [
      "Cloudflare's own logs",
      replaced("workers_dev = false", "workers_dev = false\nobservability = { enabled = true }"),
      /^Cloudflare's own logs: are on/,
    ],
    [
      "a limit of failed attempts that is too high to limit guessing",
      replaced("limit = 10,", "limit = 1001,"),
      /^rate limit FAILED_AUTH: allows 1001 failed attempts per minute and IP/,
    ],
  ])("warn of %s", async (_, bend, expected) => {
    const findings = settingsOf(await bent(bend));
    expect({ problems: problems(findings), warnings: warnings(findings) }).toEqual({
      problems: [],
      warnings: expect.arrayContaining([expect.stringMatching(expected)]),
    });
  });

  it("accept the name of another environment's bucket in another jurisdiction, where it is another bucket", async () => {
    const eu = replaced('"spillway-production-models"', '"spillway-staging-models"\njurisdiction = "eu"');
    expect(problems(settingsOf(await bent(eu)))).toEqual([]);
  });

  it("accept anonymous access outside staging only with --allow-anonymous, and then warn", async () => {
    const findings = settingsOf(await bent(replaced('"refused"', '"allowed"')), true);
    expect(problems(findings)).toEqual([]);
    expect(warnings(findings)).toContain('ANONYMOUS_ACCESS: is "allowed": anyone can call the gateway, and you pay');
  });

  it("that wrangler rejects are reported with wrangler's message", async () => {
    await bent();
    await writeFile(deployment.config, replaced("MODEL =", 'OPERATOR_TOKEN = "hush-hush"\nMODEL =')(toml));
    const { findings, worker } = await check({
      env: "production",
      config: deployment.config,
      controlConfig: CONTROL_PLANE,
    });
    expect(worker).toBeNull();
    expect(problems(findings)).toEqual([
      expect.stringContaining("OPERATOR_TOKEN assigned to Environment Variable and Secret bindings"),
    ]);
    expect(JSON.stringify(findings)).not.toContain("hush-hush");
  });

  it("of an unknown environment are reported with the environments to choose from", async () => {
    await bent();
    const { findings } = await check({ env: "prod", config: deployment.config, controlConfig: CONTROL_PLANE });
    expect(findings[0]).toMatchObject({
      message: `prod is not in ${deployment.config}`,
      next: "Choose one of staging, production, or add [env.prod].",
    });
  });

  it("do not warn of a limit of failed attempts up to 1,000", async () => {
    expect(warnings(settingsOf(await bent(replaced("limit = 10,", "limit = 1000,"))))).not.toContainEqual(
      expect.stringMatching(/FAILED_AUTH/),
    );
  });

  it("warn of anonymous access without a rate limit", async () => {
    const findings = settingsOf(await bent(variable('ANONYMOUS_RATE = "unlimited"', '"refused"', '"allowed"')), true);
    expect(warnings(findings)).toContain(
      'ANONYMOUS_ACCESS: is "allowed": anyone can call the gateway, without a rate limit, and you pay',
    );
  });

  it("never show a secret", async () => {
    const { target } = await bent(variable('MAIL_TOKEN = "hush-hush"'));
    expect(JSON.stringify(checkSecrets(target))).not.toContain("hush-hush");
  });
});
