/** `npm run deploy -- --env <name>`: runs every check, and uploads both Workers with wrangler if none of them found a problem. */
import { type Command, Option } from "commander";
import { type Paint, paintFor } from "../spillway/terminal/colors.ts";
import { plainCommand } from "../spillway/terminal/plain-command.ts";
import { step } from "../spillway/terminal/progress.ts";
import { checkBundle } from "./check-bundle.ts";
import { type Checked, type CheckOptions, check } from "./checks.ts";
import { type Finding, hasNoProblem, problem } from "./finding.ts";
import { readServedVersions, type ServedVersion, shareCommands, type Uploaded, upload } from "./upload.ts";

interface Options extends CheckOptions {
  gradual?: true;
  json?: true;
}

/** The command; its action sets the exit code to 1 if there is a problem. @param build builds a Worker and measures it */
export function deployProgram(build = checkBundle): Command {
  return plainCommand("npm run deploy --", "Run npm run deploy -- --help to see the options.")
    .usage("--env <name> [options]")
    .description("Check a deployment of the control plane and the gateway, and deploy both if every check passes.")
    .requiredOption("--env <name>", "environment of wrangler.toml: staging or production")
    .option("--dry-run", "only check; uploads nothing, and needs no network without --remote")
    .option(
      "--gradual",
      "upload a version of the gateway that receives no traffic yet; wrangler versions deploy raises its share",
    )
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
    .option("--control-config <file>", "wrangler's configuration of the control plane", "control-plane/wrangler.toml")
    .action((options: Options) => deploy(options, build));
}

async function deploy(options: Options, build: typeof checkBundle): Promise<void> {
  const { env, config, dryRun, json } = options;
  const checked = await step("building the Worker and running the checks", () => check(options, build));
  const isUploaded = dryRun !== true && hasNoProblem(checked.findings);
  const { served, findings: ofServed } = isUploaded ? await readServedVersions(config, env) : NOT_READ;
  const findings = [...checked.findings, ...ofServed];
  const paint = paintFor(process.stdout, process.env);
  if (!json) print([...findingLines(findings, paint), resultLine(findings, env, dryRun === true)]);
  const { uploaded, controlPlane, failed } =
    hasNoProblem(findings) && dryRun !== true ? await tryUpload(options, checked) : NOT_UPLOADED;
  const all = [...findings, ...failed];
  if (!hasNoProblem(all)) process.exitCode = 1;
  if (json) print([JSON.stringify(toJson({ ...checked, findings: all }, options, { uploaded, controlPlane }))]);
  else print(uploaded === null ? findingLines(failed, paint) : uploadedLines(uploaded, served, options));
}

function print(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

interface UploadResult {
  uploaded: Uploaded | null;
  /** The control plane, which is uploaded first. */
  controlPlane: Uploaded | null;
  failed: Finding[];
}

const NOT_READ: Awaited<ReturnType<typeof readServedVersions>> = { served: null, findings: [] };
const NOT_UPLOADED: UploadResult = { uploaded: null, controlPlane: null, failed: [] };

/**
 * The control plane first: wrangler refuses a gateway that binds objects of a Worker that does not exist. It is always deployed whole, as
 * a version cannot create a class of objects; the older gateway's messages are valid for it.
 */
async function tryUpload(
  { config, controlConfig, env, gradual, json }: Options,
  checked: Checked,
): Promise<UploadResult> {
  // With --json, stdout has only the object: wrangler's output goes to stderr.
  const onOutput = (text: string) => void (json ? process.stderr : process.stdout).write(text);
  const { commit } = checked;
  let controlPlane: Uploaded | null = null;
  if (checked.controlPlane !== null) {
    try {
      controlPlane = await upload({ config: controlConfig, env, gradual: false }, commit, onOutput);
    } catch (error) {
      const next = `The gateway was not uploaded. Check the control plane's deployments: \`npx wrangler deployments status --config ${controlConfig} --env ${env}\`.`;
      return { ...NOT_UPLOADED, failed: [uploadProblem("upload of the control plane", error, next)] };
    }
  }
  try {
    const uploaded = await upload({ config, env, gradual: gradual === true }, commit, onOutput);
    return { uploaded, controlPlane, failed: [] };
  } catch (error) {
    const next = `Check whether a version was created: \`npx wrangler versions list --env ${env}\`, \`npx wrangler deployments status --env ${env}\`.`;
    return { uploaded: null, controlPlane, failed: [uploadProblem("upload", error, next)] };
  }
}

function uploadProblem(check: string, error: unknown, next: string): Finding {
  return problem(check, `wrangler failed: ${error instanceof Error ? error.message : String(error)}`, next);
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

function toJson(
  { findings, worker, bundle, commit }: Checked,
  { env, dryRun }: Options,
  { uploaded, controlPlane }: Pick<UploadResult, "uploaded" | "controlPlane">,
) {
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
    controlPlane,
  };
}
