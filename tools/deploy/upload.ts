/** The upload itself: wrangler's, with the commit on the version. */
import { z } from "zod";
import { errorLine, runWrangler } from "../process/run-wrangler.ts";
import type { Commit } from "./commit.ts";
import { type Finding, ok, problem } from "./finding.ts";

export interface UploadOptions {
  config: string;
  env: string;
  /** Only upload: no caller reaches the version yet. */
  gradual: boolean;
}

export interface Uploaded {
  command: string;
  /** Null where wrangler did not say. */
  versionId: string | null;
  /** Addresses that it is served at. */
  addresses: readonly string[];
}

/** Pure. `--strict`: what was changed in the dashboard is not overwritten unseen. */
export function uploadWords({ config, env, gradual }: UploadOptions, commit: Commit | null): string[] {
  const words = gradual ? ["versions", "upload"] : ["deploy"];
  const version = commit === null ? [] : ["--tag", commit.tag, "--message", commit.message];
  return [...words, "--config", config, "--env", env, "--strict", ...version];
}

const uploadedSchema = z.object({
  type: z.enum(["deploy", "version-upload"]),
  version_id: z.string().nullish(),
  targets: z.array(z.string()).nullish(),
});

/** @throws Error with wrangler's own words */
export async function upload(
  options: UploadOptions,
  commit: Commit | null,
  tell: (text: string) => void,
): Promise<Uploaded> {
  const words = uploadWords(options, commit);
  const run = await runWrangler(words, { onOutput: tell });
  const event = run.events.map((one) => uploadedSchema.safeParse(one)).find(({ success }) => success)?.data;
  // Where wrangler stops at a question that nobody can answer, it ends well and has uploaded nothing.
  if (run.code !== 0 || event === undefined) throw new Error(errorLine(run));
  return {
    command: `wrangler ${words.join(" ")}`,
    versionId: event.version_id ?? null,
    addresses: event.targets ?? [],
  };
}

/** Pure. What comes after an upload that serves nobody yet. */
export function nextShares(uploaded: Uploaded, served: readonly Share[] | null, env: string): string[] {
  const [now] = served ?? [];
  const fresh = uploaded.versionId ?? "<new version>";
  const old = now?.versionId ?? "<old version>";
  const share = (percent: number) =>
    percent === 100
      ? `npx wrangler versions deploy ${fresh}@100 --env ${env} --yes`
      : `npx wrangler versions deploy ${fresh}@${percent} ${old}@${100 - percent} --env ${env} --yes`;
  return [10, 50, 100].map(share);
}

/** What is being served now, by the account: a plain deployment must not end somebody's gradual one unseen. */

export interface Share {
  versionId: string;
  percent: number;
}

const deploymentSchema = z.object({
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })),
});

/** Null where there is none yet, or where wrangler cannot say: the upload itself will tell why. */
export async function servedNow(configPath: string, environment: string): Promise<Share[] | null> {
  const { stdout } = await runWrangler([
    "deployments",
    "status",
    "--json",
    "--config",
    configPath,
    "--env",
    environment,
  ]);
  return parseStatus(stdout);
}

/** Pure. */
export function parseStatus(stdout: string): Share[] | null {
  try {
    const { versions } = deploymentSchema.parse(JSON.parse(stdout));
    return versions.map(({ version_id, percentage }) => ({ versionId: version_id, percent: percentage }));
  } catch {
    return null;
  }
}

/** Pure. wrangler itself asks here, but where nobody can answer it goes on. */
export function checkRollout(served: readonly Share[] | null, environment: string): Finding[] {
  if (served === null || served.length === 0) return [];
  const [first] = served;
  if (served.length === 1 && first !== undefined) return [ok("served now", first.versionId)];
  const split = served.map(({ versionId, percent }) => `${versionId} ${percent} %`).join(", ");
  const next = `finish it (npx wrangler versions deploy <version>@100 --env ${environment} --yes) or take it back (npx wrangler rollback --env ${environment})`;
  return [problem("served now", `a gradual deployment is under way: ${split}`, next)];
}
