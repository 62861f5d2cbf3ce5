/** `npm run deploy -- --env <name>`: runs every check, and uploads with wrangler if none of them found a problem. */
import { type Command, Option } from "commander";
import { type Paint, paintFor } from "../spillway/terminal/colors.ts";
import { plainCommand } from "../spillway/terminal/plain-command.ts";
import { step } from "../spillway/terminal/progress.ts";
import { type Checked, type CheckOptions, check } from "./checks.ts";
import type { Commit } from "./commit.ts";
import { type Finding, hasNoProblem, problem } from "./finding.ts";
import {
  checkServedVersions,
  readServedVersions,
  type ServedVersion,
  shareCommands,
  type Uploaded,
  upload,
} from "./upload.ts";

interface Options extends CheckOptions {
  gradual?: true;
  json?: true;
}

/** The command; its action sets the exit code to 1 if there is a problem. */
export function deployProgram(): Command {
  return plainCommand("npm run deploy --", "Run npm run deploy -- --help to see the options.")
    .usage("--env <name> [options]")
    .description("Check a deployment of the gateway, and deploy it if every check passes.")
    .requiredOption("--env <name>", "environment of wrangler.toml: staging or production")
    .option("--dry-run", "only check; uploads nothing, and needs no network without --remote")
    .option("--gradual", "upload a version that receives no traffic yet; wrangler versions deploy raises its share")
    .option("--policy <file>", "also check this policy")
    .addOption(
      new Option("--remote", "also check the stored policy and the published package, through wrangler").conflicts(
        "policy",
      ),
    )
    .option("--package <folder>", "also check that this package is the named one, signed by the pinned key")
    .option("--allow-anonymous", 'outside staging, accept ANONYMOUS_ACCESS = "allowed"')
    .option("--json", "print one JSON object instead of lines")
    .option("--config <file>", "wrangler's configuration", "wrangler.toml")
    .action(deploy);
}

async function deploy(options: Options): Promise<void> {
  const { env, config, dryRun, json } = options;
  const checked = await step("building the Worker and running the checks", () => check(options));
  const served = dryRun === true || !hasNoProblem(checked.findings) ? null : await readServedVersions(config, env);
  const findings = [...checked.findings, ...checkServedVersions(served, env)];
  const paint = paintFor(process.stdout, process.env);
  if (!json) print([...findingLines(findings, paint), resultLine(findings, env, dryRun === true)]);
  const { uploaded, failed } =
    hasNoProblem(findings) && dryRun !== true ? await tryUpload(options, checked.commit) : NOT_UPLOADED;
  const all = [...findings, ...failed];
  if (!hasNoProblem(all)) process.exitCode = 1;
  if (json) print([JSON.stringify(toJson({ ...checked, findings: all }, options, uploaded))]);
  else print(uploaded === null ? findingLines(failed, paint) : uploadedLines(uploaded, served, options));
}

function print(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

interface UploadResult {
  uploaded: Uploaded | null;
  failed: Finding[];
}

const NOT_UPLOADED: UploadResult = { uploaded: null, failed: [] };

async function tryUpload({ config, env, gradual, json }: Options, commit: Commit | null): Promise<UploadResult> {
  // With --json, stdout has only the object: wrangler's output goes to stderr.
  const onOutput = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  try {
    return { uploaded: await upload({ config, env, gradual: gradual === true }, commit, onOutput), failed: [] };
  } catch (error) {
    const message = `wrangler failed: ${error instanceof Error ? error.message : String(error)}`;
    const next = `Check whether a version was created: \`npx wrangler versions list --env ${env}\`, \`npx wrangler deployments status --env ${env}\`.`;
    return { uploaded: null, failed: [problem("upload", message, next)] };
  }
}

const MARKS: Record<Finding["state"], { mark: string; colour: Parameters<Paint>[0] }> = {
  ok: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  problem: { mark: "✗", colour: "red" },
};

/** One line per finding, with the next step in a second one. */
function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  return findings.flatMap(({ check, state, message, next }) => {
    const { mark, colour } = MARKS[state];
    const line = `  ${paint(colour, mark)} ${check}: ${message}`;
    return next === null ? [line] : [line, paint("dim", `      → ${next}`)];
  });
}

/** The last line of the checks: whether the upload follows. */
function resultLine(findings: readonly Finding[], env: string, isDryRun: boolean): string {
  const count = findings.filter(({ state }) => state === "problem").length;
  if (count > 0) return `${count === 1 ? "1 problem" : `${count} problems`}: nothing was uploaded.`;
  return isDryRun
    ? `All checks passed: ${env} can be deployed. Dry run: nothing was uploaded.`
    : `All checks passed: deploying ${env}.`;
}

/** The next commands after an upload. */
function uploadedLines(
  uploaded: Uploaded,
  served: readonly ServedVersion[] | null,
  { env, gradual }: Options,
): string[] {
  const name = uploaded.versionId ?? "The version";
  if (!gradual) return [`${name} is deployed. To roll back: npx wrangler rollback --env ${env}`];
  return [
    `${name} is uploaded and receives no traffic yet. To raise its share step by step (docs/guide/deploy-gateway.md):`,
    ...shareCommands(uploaded, served, env).map((command) => `  ${command}`),
  ];
}

function toJson({ findings, worker, bundle, commit }: Checked, { env, dryRun }: Options, uploaded: Uploaded | null) {
  return {
    ok: hasNoProblem(findings),
    environment: env,
    worker,
    dryRun: dryRun === true,
    // `says` was the name of `message` in 0.1.0.
    checks: findings.map((finding) => ({ ...finding, says: finding.message })),
    bundle,
    commit,
    uploaded,
  };
}
