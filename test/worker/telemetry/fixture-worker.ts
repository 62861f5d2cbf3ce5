/** The fixture Worker in a real workerd, exporting to a given backend. */
import { startWorkers } from "../support/start-workers.ts";

export type FixtureWorker = {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

export async function startFixtureWorker(variables: Record<string, string>): Promise<FixtureWorker> {
  const workers = await startWorkers([{ config: "test/worker/telemetry/fixture/wrangler.jsonc", variables }]);
  const url = await workers.ready;
  return {
    // Over a socket, as callers come; Miniflare's own fetch would throw the Worker's exceptions into the test.
    fetch: (path, init) => fetch(new URL(path, url), init),
    close: () => workers.dispose(),
  };
}
