/** Uploads the Worker with wrangler, and reads which versions serve now. */
import { z } from "zod";
import { parseJson } from "../../formats/json.ts";
import { errorLine, runWrangler, type WranglerRun } from "../process/run-wrangler.ts";
import type { Commit } from "./commit.ts";
import { type Finding, ok, problem } from "./finding.ts";

export interface UploadOptions {
  /** Path of wrangler's configuration. */
  config: string;
  env: string;
  /** Upload a version that receives no traffic yet. */
  gradual: boolean;
}

export interface Uploaded {
  command: string;
  /** Null if wrangler did not report it. */
  versionId: string | null;
  /** The addresses that serve it. */
  addresses: readonly string[];
}

/** One of the versions that serve now. */
export interface ServedVersion {
  versionId: string;
  /** Its part of the traffic, 0 to 100. */
  percent: number;
}

/** Pure. wrangler's arguments. `--strict`: wrangler stops if the Worker was edited in the dashboard. */
export function uploadArguments({ config, env, gradual }: UploadOptions, commit: Commit | null): string[] {
  const command = gradual ? ["versions", "upload"] : ["deploy"];
  const version = commit === null ? [] : ["--tag", commit.tag, "--message", commit.message];
  return [...command, "--config", config, "--env", env, "--strict", ...version];
}

const uploadedSchema = z.object({
  type: z.enum(["deploy", "version-upload"]),
  version_id: z.string().nullish(),
  targets: z.array(z.string()).nullish(),
});

/**
 * @param commit becomes the version's tag and message
 * @param onOutput receives wrangler's output as it arrives
 * @throws Error with wrangler's message
 */
export async function upload(
  options: UploadOptions,
  commit: Commit | null,
  onOutput: (text: string) => void,
): Promise<Uploaded> {
  const args = uploadArguments(options, commit);
  const run = await runWrangler(args, { onOutput });
  const event = run.events.map((one) => uploadedSchema.safeParse(one)).find(({ success }) => success)?.data;
  // If wrangler stops at a question that it cannot ask, its exit code is 0, but it has uploaded nothing.
  if (run.code !== 0 || event === undefined) throw new Error(errorLine(run));
  return {
    command: `wrangler ${args.join(" ")}`,
    versionId: event.version_id ?? null,
    addresses: event.targets ?? [],
  };
}

/** Pure. @returns the commands that raise the share of a version that receives no traffic yet */
export function shareCommands(uploaded: Uploaded, served: readonly ServedVersion[] | null, env: string): string[] {
  const uploadedId = uploaded.versionId ?? "<new version>";
  const servedId = served?.[0]?.versionId ?? "<old version>";
  const shares = (percent: number) =>
    percent === 100 ? `${uploadedId}@100` : `${uploadedId}@${percent} ${servedId}@${100 - percent}`;
  return [10, 50, 100].map((percent) => `npx wrangler versions deploy ${shares(percent)} --env ${env} --yes`);
}

const deploymentSchema = z.object({
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});

/** Cloudflare knows no Worker of this name, or wrangler no deployment of it. */
const NEVER_DEPLOYED = /\[code: 100(?:07|90)\]|has no deployments/;

/** The versions that serve now, or the problem because of which they are not known. */
export async function readServedVersions(
  configPath: string,
  environment: string,
): Promise<{ served: ServedVersion[] | null; findings: Finding[] }> {
  const where = ["--config", configPath, "--env", environment];
  const run = await runWrangler(["deployments", "status", "--json", ...where]);
  const served = servedVersions(run);
  if (typeof served !== "string") return { served, findings: checkServedVersions(served, environment) };
  const next = `An upload would end a gradual deployment. Look for one with \`npx wrangler deployments status ${where.join(" ")}\`, and retry.`;
  return { served: null, findings: [problem(SERVED_NOW, `wrangler could not read them: ${served}`, next)] };
}

/**
 * Pure.
 * @param run of `wrangler deployments status --json`
 * @returns null before the first deployment; wrangler's reason if it failed
 */
export function servedVersions(run: Pick<WranglerRun, "code" | "stdout" | "stderr">): ServedVersion[] | null | string {
  if (run.code !== 0) return NEVER_DEPLOYED.test(run.stderr + run.stdout) ? null : errorLine(run);
  const value = parseJson(run.stdout.slice(Math.max(0, run.stdout.indexOf("{"))));
  const deployment = deploymentSchema.safeParse(value);
  if (!deployment.success) return `its output is no deployment: ${errorLine(run)}`;
  const { versions } = deployment.data;
  return versions.map(({ version_id, percentage }) => ({ versionId: version_id, percent: percentage }));
}

const SERVED_NOW = "served now";

/** Pure. An upload would end a gradual deployment: without a terminal, wrangler does not ask for confirmation. */
export function checkServedVersions(served: readonly ServedVersion[] | null, environment: string): Finding[] {
  const [first, ...others] = served ?? [];
  if (served === null || first === undefined) return [];
  if (others.length === 0) return [ok(SERVED_NOW, first.versionId)];
  const shares = served.map(({ versionId, percent }) => `${versionId} ${percent} %`).join(", ");
  const finish = `npx wrangler versions deploy <version>@100 --env ${environment} --yes`;
  const next = `Finish it (\`${finish}\`) or roll back (\`npx wrangler rollback --env ${environment}\`).`;
  return [problem(SERVED_NOW, `a gradual deployment is in progress: ${shares}`, next)];
}
