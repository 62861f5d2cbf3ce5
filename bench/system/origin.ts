/** The local Lambda origin, as `npm start` runs it. */

import type { Credentials } from "../../tools/start/credentials.ts";
import { freePort } from "../../tools/start/ports.ts";
import { waitFor } from "../../tools/start/wait-for.ts";
import type { Workspace } from "./workspace.ts";

export const REGION = "us-east-1";

export interface OriginSettings {
  modelFolder: string;
  credentials: Credentials;
  /** Instances that are warm before the first call; with 0 the first call is a cold start. */
  warmInstances: number;
}

/** Resolves to its address once it answers. */
export async function startOrigin(workspace: Workspace, settings: OriginSettings): Promise<string> {
  const port = await freePort();
  const { died } = await workspace.start("origin", [process.execPath, "lambda-origin/local/main.ts"], {
    ...settings.credentials,
    SPILLWAY_ORIGIN_PORT: String(port),
    SPILLWAY_MODEL_DIR: settings.modelFolder,
    SPILLWAY_ORIGIN_PREWARM: String(settings.warmInstances),
    AWS_REGION: REGION,
  });
  const url = `http://127.0.0.1:${port}/`;
  // Unsigned, so any answer is a refusal; that it answers is what counts.
  await waitFor({ url, isReady: () => true, died, atMostMs: 60_000, what: "origin" });
  return url;
}
