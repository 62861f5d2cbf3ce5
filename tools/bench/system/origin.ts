/** Starts the local Lambda origin, as `npm start` does. */
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import type { Credentials } from "../../start/credentials.ts";
import type { Workspace } from "./workspace.ts";

export const REGION = "us-east-1";

export interface OriginSettings {
  modelFolder: string;
  credentials: Credentials;
  /** Instances that are warm before the first call. With 0 the first call is a cold start. */
  warmInstances: number;
  /** Gives the processor to the other processes first: deployed, the origin is another machine. */
  yieldsProcessor?: boolean;
}

/** The lowest priority, which the instances inherit. */
const YIELDING = ["nice", "-n", "19"];

/** @returns the origin's URL once it answers @throws Error with one sentence if it does not start */
export async function startOrigin(workspace: Workspace, settings: OriginSettings): Promise<string> {
  const port = await freePort();
  const program = [process.execPath, "tools/local-lambda/main.ts"];
  const command = settings.yieldsProcessor ? [...YIELDING, ...program] : program;
  const { died } = await workspace.start("origin", command, {
    ...settings.credentials,
    SPILLWAY_ORIGIN_PORT: String(port),
    SPILLWAY_MODEL_DIR: settings.modelFolder,
    SPILLWAY_ORIGIN_PREWARM: String(settings.warmInstances),
    AWS_REGION: REGION,
  });
  const url = `http://127.0.0.1:${port}/`;
  // The request is unsigned, so the answer is a refusal. Any answer shows that the origin is up.
  await waitFor({ url, isReady: () => true, died, atMostMs: 60_000, what: "origin" });
  return url;
}
