/** The upload itself: wrangler's, with the commit on the version. */
import { z } from "zod";
import type { Commit } from "./commit.ts";
import type { Share } from "./rollout.ts";
import { lastWords, runWrangler } from "./run-wrangler.ts";

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
  const run = await runWrangler(words, tell);
  const event = run.events.map((one) => uploadedSchema.safeParse(one)).find(({ success }) => success)?.data;
  // Where wrangler stops at a question that nobody can answer, it ends well and has uploaded nothing.
  if (run.code !== 0 || event === undefined) throw new Error(lastWords(run));
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
