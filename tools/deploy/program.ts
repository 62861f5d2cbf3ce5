/** `npm run deploy -- --env <name>`: every check first, and wrangler only where all of them hold. */
import { Command, Option } from "commander";
import { type Paint, paintFor } from "../spillway/terminal/colors.ts";
import { type Checked, type CheckOptions, check } from "./checks.ts";
import type { Commit } from "./commit.ts";
import { type Finding, isClear, problem } from "./finding.ts";
import { checkRollout, nextShares, type Share, servedNow, type Uploaded, upload } from "./upload.ts";

interface Options extends CheckOptions {
  dryRun?: true;
  gradual?: true;
  json?: true;
}

export function deployProgram(): Command {
  return new Command("deploy")
    .usage("--env <name> [options]")
    .description("Check everything that a deployment of the gateway needs, and deploy it where all of it is there.")
    .requiredOption("--env <name>", "environment of wrangler.toml: staging or production")
    .option("--dry-run", "check only; nothing is uploaded, and without --remote the network is not needed")
    .option("--gradual", "upload a version that nobody is sent to yet (wrangler versions deploy gives it its share)")
    .option("--policy <file>", "check this policy")
    .addOption(
      new Option("--remote", "check the stored policy and the published package, through wrangler").conflicts("policy"),
    )
    .option("--package <folder>", "check that this package is the one that is named, signed by the pinned key")
    .option("--allow-anonymous", "callers without a key are wanted outside of staging too")
    .option("--json", "print one JSON object instead of lines")
    .option("--config <file>", "wrangler's configuration", "wrangler.toml")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "")) })
    .action(deploy);
}

async function deploy(options: Options): Promise<void> {
  const { env, config, dryRun, json } = options;
  const checked = await check(options);
  const served = dryRun === true || !isClear(checked.findings) ? null : await servedNow(config, env);
  const findings = [...checked.findings, ...checkRollout(served, env)];
  if (!json) for (const line of lines(findings, options)) console.log(line);
  const goes = isClear(findings) && dryRun !== true;
  const { uploaded, failed } = goes ? await tryUpload(options, checked.commit) : NOTHING;
  const all = [...findings, ...failed];
  if (!isClear(all)) process.exitCode = 1;
  if (json) console.log(JSON.stringify(asJson({ ...checked, findings: all }, options, uploaded)));
  else if (uploaded !== null) for (const line of after(uploaded, served, options)) console.log(line);
  else for (const line of findingLines(failed, paintFor(process.stdout, process.env))) console.log(line);
}

interface Outcome {
  uploaded: Uploaded | null;
  failed: Finding[];
}

const NOTHING: Outcome = { uploaded: null, failed: [] };

async function tryUpload({ config, env, gradual, json }: Options, commit: Commit | null): Promise<Outcome> {
  // With --json stdout is one object's: wrangler's own words go beside it.
  const tell = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  try {
    return { uploaded: await upload({ config, env, gradual: gradual === true }, commit, tell), failed: [] };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    const next = `see whether a version was left: npx wrangler versions list --env ${env}, npx wrangler deployments status --env ${env}`;
    return { uploaded: null, failed: [problem("upload", `wrangler failed: ${says}`, next)] };
  }
}

function lines(findings: readonly Finding[], { env, dryRun }: Options): string[] {
  const paint = paintFor(process.stdout, process.env);
  return [...findingLines(findings, paint), verdict(findings, env, dryRun === true)];
}

/** What whoever deployed does next. */
function after(uploaded: Uploaded, served: readonly Share[] | null, { env, gradual }: Options): string[] {
  const name = uploaded.versionId ?? "the version";
  if (!gradual) return [`${name} is deployed. To take it back: npx wrangler rollback --env ${env}`];
  return [
    `${name} is uploaded and serves nobody yet. Its share, step by step, as docs/guide/deploy-gateway.md says:`,
    ...nextShares(uploaded, served, env).map((command) => `  ${command}`),
  ];
}

function asJson({ findings, worker, bundle, commit }: Checked, { env, dryRun }: Options, uploaded: Uploaded | null) {
  return {
    ok: isClear(findings),
    environment: env,
    worker,
    dryRun: dryRun === true,
    checks: findings,
    bundle,
    commit,
    uploaded,
  };
}

/** Pure. Findings for people: one line each, the next step below it. */

const MARKS: Record<Finding["state"], { mark: string; colour: Parameters<Paint>[0] }> = {
  ok: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  problem: { mark: "✗", colour: "red" },
};

export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  return findings.flatMap(({ check, state, says, next }) => {
    const { mark, colour } = MARKS[state];
    const line = `  ${paint(colour, mark)} ${check}: ${says}`;
    return next === null ? [line] : [line, paint("dim", `      → ${next}`)];
  });
}

/** The last line: what happens now, or why nothing does. */
export function verdict(findings: readonly Finding[], environment: string, isDryRun: boolean): string {
  const problems = findings.filter(({ state }) => state === "problem").length;
  if (problems > 0) return `${problems === 1 ? "1 problem" : `${problems} problems`}: nothing was uploaded.`;
  return isDryRun
    ? `${environment} could be deployed as it is; nothing was uploaded.`
    : `${environment} is fit to be deployed.`;
}
