/** The fixture Worker in a real workerd, exporting to a given backend. */
import { createTestHarness } from "wrangler";

export type FixtureWorker = {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

export async function startFixtureWorker(vars: Record<string, string>): Promise<FixtureWorker> {
  const harness = createTestHarness({
    workers: [{ configPath: new URL("./fixture/wrangler.jsonc", import.meta.url), vars }],
  });
  const { url } = await harness.listen();
  return {
    // Over a socket, as callers come; the harness's own fetch would throw the Worker's exceptions into the test.
    fetch: (path, init) => fetch(new URL(path, url), init),
    close: () => harness.close(),
  };
}
