/** What `npm run deploy` refuses: one valid deployment, bent once for each row. Nothing is built here. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPublicKey } from "../../../../formats/signature/public-key.ts";
import { checkAccess, checkExposure } from "../../../../tools/deploy/check-access.ts";
import { checkBindings } from "../../../../tools/deploy/check-bindings.ts";
import { judge } from "../../../../tools/deploy/check-bundle.ts";
import { checkOrigin } from "../../../../tools/deploy/check-origin.ts";
import { checkKey, checkPackage } from "../../../../tools/deploy/check-package.ts";
import { checkPolicy } from "../../../../tools/deploy/check-policy.ts";
import { checkSecrets, checkVariables } from "../../../../tools/deploy/check-variables.ts";
import { check } from "../../../../tools/deploy/checks.ts";
import { checkCommit } from "../../../../tools/deploy/commit.ts";
import type { Finding } from "../../../../tools/deploy/finding.ts";
import { checkPublished } from "../../../../tools/deploy/remote.ts";
import { readTargets, type Target, type Targets } from "../../../../tools/deploy/target.ts";
import { checkRollout, nextShares, parseStatus, uploadWords } from "../../../../tools/deploy/upload.ts";
import { signFolder } from "../../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { signBundle } from "../../../../tools/spillway/model/sign/sign-bundle.ts";
import { writeTinyPackage } from "../../../support/model-package.ts";
import { type FilledIn, fillIn } from "./filled-in.ts";

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
  if (target === null) throw new Error("there is no production");
  return { target, ...rest };
}

/** In the production half of the file alone. */
const inProduction = (bend: (part: string) => string) => (text: string) => {
  const at = text.indexOf("[env.production]");
  return text.slice(0, at) + bend(text.slice(at));
};
const replaced = (from: string | RegExp, to: string) => inProduction((part) => part.replace(from, to));

const variable = (line: string, from = "", to = "") =>
  inProduction((part) => part.replace(from, to).replace("MODEL =", `${line}\nMODEL =`));

const problems = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state === "problem").map(({ check, says }) => `${check}: ${says}`);
const warnings = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state === "warning").map(({ check, says }) => `${check}: ${says}`);

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
  it("that are filled in are without a problem, in both environments", async () => {
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
      "KV KEYS: is the same namespace as one of staging",
      replaced('"00000000000000000000000000000004"', '"00000000000000000000000000000002"'),
    ],
    ['KV KEYS: has the id "keys"; it must be 32 hex digits', replaced('"00000000000000000000000000000004"', '"keys"')],
    [
      "R2 MODELS: is the same bucket as that of staging",
      replaced("spillway-production-models", "spillway-staging-models"),
    ],
    ["R2 MODELS: is not bound", replaced(/\[\[env\.production\.r2_buckets\]\]\n.*\n.*\n/, "")],
    [
      "KV KEYS: is the same namespace as POLICIES: who may write policies could make keys",
      replaced('"00000000000000000000000000000004"', '"00000000000000000000000000000003"'),
    ],
    [
      "rate limit RATE_SMALL: counts by 10 s, but the gateway takes it for a minute",
      replaced("period = 60", "period = 10"),
    ],
    ["rate limit FAILED_AUTH: is not bound", replaced('name = "FAILED_AUTH"', 'name = "OTHER"')],
    ["rate limit RATE_SMALL: counts by 7201, as another of staging does", replaced('"7301"', '"7201"')],
    ["rate limit RATE_STANDARD: counts by 7301, as another of production does", replaced('"7302"', '"7301"')],
    [
      "version metadata: is not bound: telemetry could not tell one version from another",
      replaced(/version_metadata = .*/, ""),
    ],
    ["MODEL: is not set", replaced(/MODEL = ".*"/, "")],
    ['MODEL: is "tiny@latest"', replaced(/MODEL = ".*"/, 'MODEL = "tiny@latest"')],
    ['ANONYMOUS_ACCESS: is "allowed": everybody may call, and you pay', replaced('"refused"', '"allowed"')],
    ['ANONYMOUS_ACCESS: is "yes"; it must be one of refused, allowed', replaced('"refused"', '"yes"')],
    ["ANONYMOUS_ACCESS: is true; it must be text", replaced('"refused"', "true")],
    [
      'ANONYMOUS_RATE: is "fast"; it must be one of small, standard, large, unlimited',
      variable('ANONYMOUS_RATE = "fast"'),
    ],
    ["required secrets: OPERATOR_TOKEN would not be missed by wrangler", replaced(', "OPERATOR_TOKEN"]', "]")],
    [
      "secrets: the variable OTEL_EXPORTER_OTLP_HEADERS is a secret by its name",
      replaced("MODEL =", 'OTEL_EXPORTER_OTLP_HEADERS = "x"\nMODEL ='),
    ],
    [
      "secrets: the variable MAIL_PASSWORD is a secret by its name",
      replaced("MODEL =", 'MAIL_PASSWORD = "x"\nMODEL ='),
    ],
    [
      "secrets: the variable NOTE has an AWS access key id in it",
      replaced("MODEL =", 'NOTE = "AKIAIOSFODNN7EXAMPLE"\nMODEL ='),
    ],
    [
      "secrets: the variable NOTE has a private key in it",
      replaced("MODEL =", 'NOTE = "-----BEGIN EC PRIVATE KEY-----"\nMODEL ='),
    ],
    ["address: nothing leads to it", replaced(/^routes = .*$/m, "")],
    ["CPU limit: is 300001 ms", replaced("workers_dev = false", "workers_dev = false\nlimits = { cpu_ms = 300001 }")],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT: is "http://backend.spillway.dev"; it must be an https URL',
      replaced("MODEL =", 'OTEL_EXPORTER_OTLP_ENDPOINT = "http://backend.spillway.dev"\nMODEL ='),
    ],
    [
      'CORS_ORIGINS: "https://app.example.com" is at a name kept for examples, which nobody can own',
      replaced("# CORS_ORIGINS", "CORS_ORIGINS"),
    ],
    [
      'CORS_ORIGINS: "https://app.spillway.dev/" is not an origin; did you mean "https://app.spillway.dev"?',
      variable('CORS_ORIGINS = "https://app.spillway.dev/"'),
    ],
    ["CORS_ORIGINS: is true; it must be text", variable("CORS_ORIGINS = true")],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com" is at a name kept for examples, which nobody can own',
      replaced("# OTEL_EXPORTER", "OTEL_EXPORTER"),
    ],
  ])("%s", async (expected, bend) => {
    expect(problems(settingsOf(await bent(bend)))).toEqual([expected]);
  });

  it.each([
    [
      "a second door at workers.dev",
      replaced("workers_dev = false", "workers_dev = true"),
      /^address: .* is a second door/,
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
      "a limit of wrong keys that limits nobody",
      replaced("limit = 10,", "limit = 1001,"),
      /^rate limit FAILED_AUTH: lets 1001 wrong keys a minute through/,
    ],
  ])("warn of %s", async (_, bend, expected) => {
    const findings = settingsOf(await bent(bend));
    expect({ problems: problems(findings), warnings: warnings(findings) }).toEqual({
      problems: [],
      warnings: expect.arrayContaining([expect.stringMatching(expected)]),
    });
  });

  it("let callers without a key in where the command line says so too, and say so again", async () => {
    const findings = settingsOf(await bent(replaced('"refused"', '"allowed"')), true);
    expect(problems(findings)).toEqual([]);
    expect(warnings(findings)).toContain('ANONYMOUS_ACCESS: is "allowed": everybody may call, and you pay');
  });

  it("that wrangler itself refuses are told in its words", async () => {
    await bent();
    await writeFile(deployment.config, replaced("MODEL =", 'OPERATOR_TOKEN = "hush-hush"\nMODEL =')(toml));
    const { findings, worker } = await check({ env: "production", config: deployment.config });
    expect(worker).toBeNull();
    expect(problems(findings)).toEqual([
      expect.stringContaining("OPERATOR_TOKEN assigned to Environment Variable and Secret bindings"),
    ]);
    expect(JSON.stringify(findings)).not.toContain("hush-hush");
  });

  it("of an environment that is not there are asked for by its name", async () => {
    await bent();
    const { findings } = await check({ env: "prod", config: deployment.config });
    expect(findings[0]).toMatchObject({
      says: `prod is not in ${deployment.config}`,
      next: "choose one of staging, production, or add [env.prod]",
    });
  });

  it("of a limit of wrong keys up to 1,000 are no reason to warn", async () => {
    expect(warnings(settingsOf(await bent(replaced("limit = 10,", "limit = 1000,"))))).not.toContainEqual(
      expect.stringMatching(/FAILED_AUTH/),
    );
  });

  it("that let everybody in without any limit say so", async () => {
    const findings = settingsOf(await bent(variable('ANONYMOUS_RATE = "unlimited"', '"refused"', '"allowed"')), true);
    expect(warnings(findings)).toContain(
      'ANONYMOUS_ACCESS: is "allowed": everybody may call, as often as they like, and you pay',
    );
  });

  it("never show what a secret is", async () => {
    const { target } = await bent(variable('MAIL_TOKEN = "hush-hush"'));
    expect(JSON.stringify(checkSecrets(target))).not.toContain("hush-hush");
  });
});

describe("an origin's address", () => {
  const url = "https://abc123.lambda-url.eu-central-1.on.aws/";
  const said = (given: { url?: unknown; region?: unknown }) => {
    const { state, check, says } = checkOrigin({
      url,
      region: "eu-central-1",
      urlName: "ORIGIN_URL",
      regionName: "ORIGIN_REGION",
      ...given,
    });
    return `${state} ${check}: ${says}`;
  };

  it.each([
    [{}, "ok ORIGIN_URL: is a Function URL in eu-central-1, and calls are signed for it"],
    [
      { url: "https://origin.spillway.dev/classify" },
      "ok ORIGIN_URL: is your own name origin.spillway.dev, signed for eu-central-1",
    ],
    [{ url: undefined }, "problem ORIGIN_URL: is not set"],
    [{ url: "lambda" }, 'problem ORIGIN_URL: "lambda" is no URL'],
    [
      { url: "http://origin.spillway.dev/" },
      'problem ORIGIN_URL: "http://origin.spillway.dev/" is not https: texts would travel in the clear',
    ],
    [{ url: "https://id:secret@origin.spillway.dev/" }, "problem ORIGIN_URL: has credentials in it"],
    [{ url: `${url}?token=hush` }, "problem ORIGIN_URL: has a query or a fragment"],
    [{ url: "https://127.0.0.1:8790/" }, "problem ORIGIN_URL: 127.0.0.1 is no name that a Worker could call"],
    [{ url: "https://[::1]/" }, "problem ORIGIN_URL: [::1] is no name that a Worker could call"],
    [{ url: "https://localhost/" }, "problem ORIGIN_URL: localhost is no name that a Worker could call"],
    [
      { url: "https://origin.example.com/" },
      'problem ORIGIN_URL: "https://origin.example.com/" is at a name kept for examples, which nobody can own',
    ],
    [
      { url: "https://abc.execute-api.on.aws/" },
      "problem ORIGIN_URL: abc.execute-api.on.aws is at AWS, but no Function URL",
    ],
    [
      { region: "us-east-1" },
      "problem ORIGIN_REGION: is us-east-1, but ORIGIN_URL is in eu-central-1: each call would be answered 403",
    ],
    [{ region: "" }, "problem ORIGIN_REGION: is not set; it must be an AWS region"],
    [{ region: "Frankfurt" }, 'problem ORIGIN_REGION: is "Frankfurt"; it must be an AWS region'],
  ])("%j: %s", (given, expected) => {
    expect(said(given)).toBe(expected);
  });
});

describe("the pinned key", () => {
  it("is one of P-256 or P-384, and nobody's placeholder", async () => {
    expect(await checkKey(generateKeyPair("p384").publicKey, null)).toMatchObject({ state: "ok" });
    expect(await checkKey("", null)).toMatchObject({ state: "problem", says: "is not set: no model would be trusted" });
    expect(await checkKey("<the PEM text>", null)).toMatchObject({ state: "problem", says: "is a placeholder" });
    expect(await checkKey("mine", null)).toMatchObject({
      state: "problem",
      says: expect.stringContaining("no public key"),
    });
    const { privateKey } = generateKeyPair();
    const found = await checkKey(privateKey, null);
    expect(found).toMatchObject({ state: "problem", says: expect.stringContaining("it is a private key") });
    expect(JSON.stringify(found)).not.toContain(privateKey.split("\n")[1]);
  });

  it("may be two while keys are rotated, both of them usable", async () => {
    const [old, fresh] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
    expect(await checkKey(old + fresh, null)).toMatchObject({
      state: "ok",
      says: expect.stringMatching(/^has 2 keys: /),
    });
    expect(await checkKey(`${old}\nmine`, null)).toMatchObject({ state: "problem" });
  });

  it("is not the one that npm start has made on this machine", async () => {
    const { publicKey } = generateKeyPair();
    const { fingerprint } = await readPublicKey(publicKey);
    expect(await checkKey(publicKey, fingerprint)).toMatchObject({ state: "problem" });
    expect(await checkKey(publicKey, "another")).toMatchObject({ state: "ok" });
  });
});

describe("the policy", () => {
  it("is taken as the gateway takes it, each of its problems told", () => {
    const { findings, policy } = checkPolicy({ text: '{"edge": {"share": 101}, "oops": 1}', from: "policy.json" });
    expect(policy).toBeNull();
    expect(problems(findings)).toHaveLength(2);
    expect(problems(checkPolicy({ text: "{", from: "policy.json" }).findings)).toHaveLength(1);
    expect(problems(checkPolicy({ text: null, from: "the stored policy" }).findings)).toEqual([]);
    expect(warnings(checkPolicy(null).findings)).toEqual(["policy: was not looked at"]);
    // A dry run may go without; an upload may not.
    expect(checkPolicy(null, true).findings).toMatchObject([{ state: "problem", says: "was not looked at" }]);
  });

  it("names no origin that is signed for another region than its own", () => {
    const origins = { eu: { url: "https://abc.lambda-url.eu-central-1.on.aws/", region: "us-east-1" } };
    expect(problems(checkPolicy({ text: JSON.stringify({ origins }), from: "policy.json" }).findings)).toEqual([
      "policy origins.eu.region: is us-east-1, but policy origins.eu.url is in eu-central-1: each call would be answered 403",
    ]);
  });
});

describe("the model package", () => {
  const named = (given: object = {}) => ({
    deployed: deployment.modelId,
    policy: null,
    publicKeyPem: deployment.publicKeyPem,
    ...given,
  });
  const policyOf = (document: object) => checkPolicy({ text: JSON.stringify(document), from: "it" }).policy;

  it("that MODEL or the policy names is verified; without one at hand that is said", async () => {
    expect(problems(await checkPackage(deployment.packageFolder, named()))).toEqual([]);
    expect(warnings(await checkPackage(null, named()))).toHaveLength(1);
  });

  it("is refused where another key signed it, a file was changed, or it is another one", async () => {
    const folder = join(scratch, "other");
    const { modelId } = await writeTinyPackage(folder, { bend: (same) => ({ ...same, version: 2 }) });
    expect(problems(await checkPackage(folder, named()))).toEqual([
      expect.stringMatching(/other is tiny@.*, but MODEL names tiny@/),
    ]);
    await signFolder(folder, generateKeyPair().privateKey);
    expect(problems(await checkPackage(folder, named({ deployed: modelId })))).toEqual([
      expect.stringContaining("was signed with the key"),
    ]);
    await writeFile(join(folder, "edge.ort"), "changed");
    expect(problems(await checkPackage(folder, named({ deployed: modelId })))).toEqual([
      expect.stringContaining("is not the file that was packed"),
    ]);
  });

  it("is refused where the policy's minVersion refuses it", async () => {
    const policy = policyOf({ minVersion: 2 });
    expect(problems(await checkPackage(deployment.packageFolder, named({ policy })))).toEqual([
      "model package: has version 1, and the policy's minVersion 2 refuses it",
    ]);
  });

  it("that is published is verified by what is in the bucket", async () => {
    const signature = () => readFile(join(deployment.packageFolder, "model.sig"), "utf8");
    const { publicKeyPem, modelId } = deployment;
    expect(await checkPublished(modelId, publicKeyPem, signature)).toMatchObject({ state: "ok" });
    expect(await checkPublished(`tiny@${"0".repeat(64)}`, publicKeyPem, signature)).toMatchObject({ state: "problem" });
    const forged = () =>
      signBundle(
        { modelName: "tiny", resources: [{ name: "a", sha256: "0".repeat(64) }], ignorePaths: [] },
        generateKeyPair().privateKey,
      );
    expect(await checkPublished(modelId, publicKeyPem, forged)).toMatchObject({ state: "problem" });
    expect(await checkPublished(modelId, publicKeyPem, () => Promise.reject(new Error("not there.")))).toMatchObject({
      state: "problem",
      says: "not there",
    });
  });
});

describe("the bundle", () => {
  it("is refused over 10 MB gzipped, and without the engine", () => {
    expect(problems(judge({ rawBytes: 0, gzipBytes: 10_000_000, wasmBytes: 14_000_000 }))).toEqual([]);
    expect(problems(judge({ rawBytes: 0, gzipBytes: 10_000_001, wasmBytes: 14_000_000 }))).toEqual([
      "bundle: is too large: 10.00 MB gzipped, of 10 MB",
    ]);
    expect(problems(judge({ rawBytes: 0, gzipBytes: 1, wasmBytes: 0 }))).toEqual([
      "engine: is not in the bundle: no model would run at the edge",
    ]);
  });
});

describe("what is served now", () => {
  const status = (...versions: [string, number][]) =>
    JSON.stringify({ versions: versions.map(([version_id, percentage]) => ({ version_id, percentage })) });

  it("is not ended unseen where a gradual deployment is under way", () => {
    const split = parseStatus(status(["old", 90], ["new", 10]));
    expect(problems(checkRollout(split, "production"))).toEqual([
      "served now: a gradual deployment is under way: old 90 %, new 10 %",
    ]);
    expect(problems(checkRollout(parseStatus(status(["old", 100])), "production"))).toEqual([]);
  });

  it("is nothing before the first deployment", () => {
    expect(checkRollout(parseStatus("✘ [ERROR] This Worker does not exist"), "production")).toEqual([]);
  });
});

describe("an upload", () => {
  const commit = { tag: "fc5f820aa111", message: "why it was done", changedFiles: 0 };
  const options = { config: "wrangler.toml", env: "production", gradual: false };

  it("has the commit's tag and message, and none where there is no git", () => {
    expect(uploadWords(options, commit).join(" ")).toBe(
      "deploy --config wrangler.toml --env production --strict --tag fc5f820aa111 --message why it was done",
    );
    expect(uploadWords({ ...options, gradual: true }, null)).toEqual(
      "versions upload --config wrangler.toml --env production --strict".split(" "),
    );
  });

  it("that serves nobody yet is followed by its shares, 10, 50, 100", () => {
    const uploaded = { command: "", versionId: "new", addresses: [] };
    expect(nextShares(uploaded, [{ versionId: "old", percent: 100 }], "production")).toEqual([
      "npx wrangler versions deploy new@10 old@90 --env production --yes",
      "npx wrangler versions deploy new@50 old@50 --env production --yes",
      "npx wrangler versions deploy new@100 --env production --yes",
    ]);
  });

  it("of a checkout that was changed is warned of, since nobody could build it again", () => {
    expect(checkCommit(commit).state).toBe("ok");
    expect(checkCommit({ ...commit, changedFiles: 2 }).state).toBe("warning");
    expect(checkCommit(null).state).toBe("warning");
  });
});
