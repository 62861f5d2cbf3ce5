/** `npm run deploy`, from the command line where it uploads, with the real wrangler and a fake account that records its requests. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { checkBundle } from "../../../../tools/deploy/check-bundle.ts";
import { deployProgram } from "../../../../tools/deploy/program.ts";
import { type FakeAccount, NEW_VERSION, SERVED_VERSION, startFakeAccount } from "../../../support/fake-account.ts";
import { CHECKOUT, type FilledIn, fillIn } from "./filled-in.ts";

const reportSchema = z.object({
  ok: z.boolean(),
  environment: z.string(),
  worker: z.string().nullable(),
  checks: z.array(
    z.object({
      check: z.string(),
      state: z.string(),
      message: z.string(),
      says: z.string(),
      next: z.string().nullable(),
    }),
  ),
  bundle: z.object({ gzipBytes: z.number(), wasmBytes: z.number(), engines: z.array(z.string()) }).nullable(),
  commit: z.object({ tag: z.string(), message: z.string() }).nullable(),
  uploaded: z.object({ versionId: z.string() }).nullable(),
  controlPlane: z.object({ command: z.string() }).nullable(),
});

interface Run {
  code: number | null;
  stdout: string;
  account: FakeAccount;
}

let scratch: string;
let deployment: FilledIn;
const accounts: FakeAccount[] = [];

/** Each run has a separate account. */
async function newAccount() {
  const account = await startFakeAccount();
  accounts.push(account);
  return { account, variables: { ...account.env, NO_COLOR: "1", SPILLWAY_STATE_DIR: join(scratch, "state") } };
}

const builds = new Map<string, ReturnType<typeof checkBundle>>();

/** The placeholders change no source: each Worker is built once for the runs in this process. */
const buildOnce: typeof checkBundle = (config, environment) => {
  const sameAs = { [deployment.config]: "wrangler.toml", [deployment.controlConfig]: "control-plane/wrangler.toml" };
  const worker = sameAs[config] ?? config;
  const build = builds.get(worker) ?? checkBundle(config, environment);
  builds.set(worker, build);
  return build;
};

/** Runs the command in this process, which saves its start. Runs must not overlap, as they print to one console. */
async function deployHere(...args: string[]): Promise<Run> {
  const { account, variables } = await newAccount();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const lines: string[] = [];
  const spies = [
    vi.spyOn(console, "log").mockImplementation((line) => void lines.push(`${line}\n`)),
    vi.spyOn(process.stderr, "write").mockReturnValue(true),
  ];
  try {
    await deployProgram(buildOnce).parseAsync(args, { from: "user" });
    return { code: Number(process.exitCode ?? 0), stdout: lines.join(""), account };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** Runs the command as a process. */
async function deploy(...args: string[]): Promise<Run> {
  const { account, variables } = await newAccount();
  const child = spawn(process.execPath, ["tools/deploy/main.ts", ...args], {
    cwd: CHECKOUT,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const [code] = await once(child, "close");
  return { code, stdout, account };
}

const report = ({ stdout }: Run) => reportSchema.parse(JSON.parse(stdout));

let dryRun: Run;
let placeholders: Run;
let gradual: Run;
let small: Run;
// wrangler builds the Workers, which takes longest.
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-deploy-"));
  deployment = await fillIn(scratch);
  const { config, controlConfig, policy, packageFolder } = deployment;
  const filled = [
    "--config",
    config,
    "--control-config",
    controlConfig,
    "--policy",
    policy,
    "--package",
    packageFolder,
    "--json",
  ];
  const withoutOnnx = await fillIn(scratch, (toml) =>
    toml.replaceAll('INCLUDE_ONNXRUNTIME_WEB = "true"', 'INCLUDE_ONNXRUNTIME_WEB = "false"'),
  );
  const smallConfigs = ["--config", withoutOnnx.config, "--control-config", controlConfig];
  const smallArgs = [...smallConfigs, "--package", withoutOnnx.packageFolder, "--json"];
  const uploading = deploy("--env", "staging", "--gradual", ...filled);
  dryRun = await deployHere("--env", "production", "--dry-run", ...filled);
  placeholders = await deployHere("--env", "production");
  small = await deployHere("--env", "production", "--dry-run", ...smallArgs);
  gradual = await uploading;
}, 120_000);
afterAll(async () => {
  for (const account of accounts) account.stop();
  await rm(scratch, { recursive: true, force: true });
});

describe("a dry run of a deployment without placeholders", () => {
  it("finds no problem, and sends the account no request", () => {
    const { checks, ok, worker } = report(dryRun);
    expect(checks.filter(({ state }) => state === "problem")).toEqual([]);
    expect({ ok, worker, code: dryRun.code }).toEqual({ ok: true, worker: "spillway-production", code: 0 });
    expect(dryRun.account.asked).toEqual([]);
  });

  it("measures the bundle, with both engines in it", () => {
    const { bundle } = report(dryRun);
    expect(bundle?.engines).toEqual(["spillway-engine", "onnxruntime-web"]);
    expect(bundle?.wasmBytes).toBeGreaterThan(10_000_000);
    expect(bundle?.gzipBytes).toBeLessThan(10_000_000);
  });

  it("verifies the package that MODEL names", () => {
    const found = report(dryRun).checks.find(({ check }) => check === "model package");
    expect(found).toMatchObject({ state: "ok", message: expect.stringContaining("signed by the pinned key") });
  });
});

it("a deployment without onnxruntime-web uploads at most 0.6 MB, and is refused with a package that needs it", () => {
  const { bundle, checks } = report(small);
  expect(bundle?.engines).toEqual(["spillway-engine"]);
  // Promised are 600 kB. This bound notices a script that is not minified, and the locales of zod: V8 keeps both in the heap.
  expect(bundle?.gzipBytes).toBeLessThan(280_000);
  // The package of this test is one for onnxruntime-web.
  expect(checks.filter(({ state }) => state === "problem")).toEqual([
    expect.objectContaining({
      check: "model package",
      message: 'needs onnxruntime-web, which INCLUDE_ONNXRUNTIME_WEB = "false" leaves out: the edge would reject it',
    }),
  ]);
});

it("a deployment leaves no file behind, neither beside the configuration nor in the state of npm start", async () => {
  const left = (await readdir(deployment.folder)).filter((name) => name !== ".wrangler");
  expect(left.toSorted()).toEqual([
    "control-plane.toml",
    "package",
    "policy.json",
    "signing.pem",
    "signing.pub.pem",
    "wrangler.toml",
  ]);
  const scratchOfWrangler = await readdir(join(deployment.folder, ".wrangler")).catch(() => []);
  expect(scratchOfWrangler.filter((name) => name !== "tmp")).toEqual([]);
  expect(await readdir(scratch)).not.toContain("state");
});

describe("the repository with its placeholders", () => {
  it("is refused with every problem and its next step, and the account gets no request", () => {
    const { code, stdout, account } = placeholders;
    const lines = stdout.split("\n");
    const problems = lines.flatMap((line, index) => (line.startsWith("  ✗ ") ? [`${line}\n${lines[index + 1]}`] : []));
    expect(problems).toEqual([
      "  ✗ KV POLICIES: the ID is a placeholder\n      → Run `npx wrangler kv namespace create spillway-production-policies` and put the ID that it prints under [[env.production.kv_namespaces]].",
      "  ✗ KV KEYS: the ID is a placeholder\n      → Run `npx wrangler kv namespace create spillway-production-keys` and put the ID that it prints under [[env.production.kv_namespaces]].",
      "  ✗ MODEL_PUBLIC_KEY: is a placeholder\n      → Run `npx spillway model keygen`, then copy the text of spillway-signing.pub.pem to MODEL_PUBLIC_KEY, between triple quotes.",
      '  ✗ ORIGIN_URL: "https://<url-id>.lambda-url.us-east-1.on.aws/" is a placeholder\n      → Set ORIGIN_URL to the stack\'s output FunctionUrl, for example https://<url-id>.lambda-url.us-east-1.on.aws/',
      "  ✗ policy: was not checked\n      → Pass --policy <file>, or --remote to check the stored policy.",
      "  ✗ address: classify.example.com uses a domain reserved for examples\n      → Set routes under [env.production] to a domain of a zone in your account.",
    ]);
    expect(stdout).toContain("6 problems: nothing was uploaded.");
    expect({ code, asked: account.asked }).toEqual({ code: 1, asked: [] });
  });
});

describe("the control plane", () => {
  it("is deployed whole, before the gateway, with the classes of its objects", () => {
    const { controlPlane, checks } = report(gradual);
    expect(controlPlane?.command).toMatch(/^wrangler deploy --config \S*control-plane\.toml --env staging --strict/);
    expect(checks.map(({ check, message }) => `${check} ${message}`)).toEqual(
      expect.arrayContaining([
        "ledger LEDGER is bound to LedgerShard of spillway-control-staging",
        "control plane spillway-control-staging, requires OPERATOR_TOKEN",
      ]),
    );
    const uploads = gradual.account.asked.filter(({ what }) =>
      /^(PUT|POST) \/workers\/scripts\/[^/?]*(\/versions)?\?/.test(what),
    );
    expect(uploads.map(({ what }) => /scripts\/([^/?]*)/.exec(what)?.[1])).toEqual([
      "spillway-control-staging",
      "spillway-staging",
    ]);
    expect(uploads[0]?.body).toContain('"new_sqlite_classes":["LedgerShard","Ledger"]');
    expect(uploads[1]?.body).toContain('"script_name":"spillway-control-staging"');
  });
});

describe("a gradual deployment", () => {
  it("uploads a version with the commit's tag and message, and sends it no traffic", () => {
    const { uploaded, commit } = report(gradual);
    expect({ code: gradual.code, uploaded }).toMatchObject({ code: 0, uploaded: { versionId: NEW_VERSION } });
    const { asked } = gradual.account;
    const upload = asked.find(({ what }) => what.startsWith("POST /workers/scripts/spillway-staging/versions"));
    expect(upload?.body).toContain(`"workers/tag":${JSON.stringify(commit?.tag)}`);
    expect(upload?.body).toContain(`"limits":{"cpu_ms":30000}`);
    expect(asked.filter(({ what }) => /^(POST|PUT) .*\/deployments/.test(what))).toEqual([]);
    expect(report(gradual).checks.at(-1)).toMatchObject({
      check: "served now",
      message: SERVED_VERSION,
      says: SERVED_VERSION,
    });
  });

  it("sends no secret: each is inherited from the account, and must exist there", () => {
    const upload = gradual.account.asked.find(({ what }) => what.includes("/versions"));
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "OPERATOR_TOKEN"]) {
      expect(upload?.body).toContain(`{"name":"${name}","type":"inherit"}`);
    }
    expect(upload?.what).toContain("bindings_inherit=strict");
  });
});
