/** Builds the Workers that tests start, before the first of them: several files would build the same ones at the same time. */
import { buildWorker } from "../../tools/local-worker/build.ts";

const CONFIGS = ["wrangler.toml", "control-plane/wrangler.toml", "test/worker/telemetry/fixture/wrangler.jsonc"];

/** A build that fails is reported by the tests that need it. */
export default async function buildWorkers(): Promise<void> {
  await Promise.allSettled(CONFIGS.map((config) => buildWorker({ config })));
}
