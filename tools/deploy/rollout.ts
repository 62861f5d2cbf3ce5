/** What is being served now, by the account: a plain deployment must not end somebody's gradual one unseen. */
import { z } from "zod";
import { type Finding, ok, problem } from "./finding.ts";
import { runWrangler } from "./run-wrangler.ts";

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
