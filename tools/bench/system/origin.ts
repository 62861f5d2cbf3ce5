/** Starts the local Lambda origin, as `npm start` does. */
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import type { Credentials } from "../../start/credentials.ts";
import { LOW_PRIORITY, lowerSession } from "./process-group.ts";
import type { Workspace } from "./workspace.ts";

export const REGION = "us-east-1";

export interface OriginSettings {
  modelFolder: string;
  credentials: Credentials;
  /** Instances that are warm before the first call. With 0 the first call is a cold start. */
  warmInstances: number;
  /** Computes on what the other processes leave: deployed, it is another machine. docs/decisions/047-an-origin-on-the-same-machine.md */
  yieldsProcessor?: boolean;
}

/** @returns the origin's URL once it answers @throws Error with one sentence if it does not start */
export async function startOrigin(workspace: Workspace, settings: OriginSettings): Promise<string> {
  const port = await freePort();
  const program = [process.execPath, "tools/local-lambda/main.ts"];
  const command = settings.yieldsProcessor ? ["nice", "-n", LOW_PRIORITY, ...program] : program;
  const { died, pid } = await workspace.start("origin", command, {
    ...settings.credentials,
    SPILLWAY_ORIGIN_PORT: String(port),
    SPILLWAY_MODEL_DIR: settings.modelFolder,
    SPILLWAY_ORIGIN_PREWARM: String(settings.warmInstances),
    AWS_REGION: REGION,
  });
  if (settings.yieldsProcessor && pid !== null) await lowerSession(pid);
  const url = `http://127.0.0.1:${port}/`;
  // The request is unsigned, so the answer is a refusal. Any answer shows that the origin is up.
  await waitFor({ url, isReady: () => true, died, atMostMs: 60_000, what: "origin" });
  return url;
}
