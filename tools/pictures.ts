/**
 * `npm run pictures`: the README's pictures of traces, from a running system: an edge request, a spilled one, a failed-over one. Needs a
 * Chromium on this machine (Debian: apt-get install chromium).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLocalKv } from "./kv/local-kv.ts";
import { openViewer } from "./pictures/viewer.ts";
import { type Child, startChild } from "./start/child.ts";
import { newCredentials } from "./start/credentials.ts";
import { freePort } from "./start/ports.ts";
import { step } from "./start/progress.ts";
import { waitFor } from "./start/wait-for.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "Hi Anna, the notes of the meeting are attached, see you at lunch on Thursday. ".repeat(60);

const stateFolder = await mkdtemp(join(tmpdir(), "spillway-pictures-"));
const [gatewayPort, originPort, viewerPort] = [await freePort(), await freePort(), await freePort()];
const otlp = `http://127.0.0.1:${viewerPort}`;
const credentials = { ...newCredentials(), AWS_REGION: "us-east-1", OTEL_EXPORTER_OTLP_ENDPOINT: otlp };
const children: Child[] = [];

async function start(name: string, script: string, env: NodeJS.ProcessEnv): Promise<Child> {
  const log = `${stateFolder}/logs/picture-${name}.log`;
  const child = await startChild(name, [process.execPath, script], { ...process.env, ...env }, log);
  children.push(child);
  return child;
}

async function classify(text: string): Promise<{ traceId: string; because: string | null }> {
  const response = await fetch(`http://127.0.0.1:${gatewayPort}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: text }),
  });
  const because = response.headers.get("x-spillway-because");
  console.error(`    ${response.status} ${response.headers.get("x-spillway-route")}, ${because}`);
  return { traceId: response.headers.get("traceresponse")?.split("-")[1] ?? "", because };
}

async function setPolicy(policy: object): Promise<void> {
  await withLocalKv("POLICIES", `${stateFolder}/wrangler`, undefined, (kv) => kv.put("policy", JSON.stringify(policy)));
}

async function untilObeyed(): Promise<void> {
  while ((await classify(SHORT)).because !== "override") await new Promise((resolve) => setTimeout(resolve, 2000));
}

try {
  // An origin of our own, so that it can be ended while the rest runs on.
  const origin = await step("starting an origin", () =>
    start("origin", "lambda-origin/local/main.ts", {
      ...credentials,
      SPILLWAY_ORIGIN_PORT: String(originPort),
      SPILLWAY_ORIGIN_PREWARM: "1",
    }),
  );
  const system = await start("system", "tools/start.ts", {
    ...credentials,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
    SPILLWAY_ORIGIN_URL: `http://127.0.0.1:${originPort}/`,
    SPILLWAY_STATE_DIR: stateFolder,
    SPILLWAY_PORT: String(gatewayPort),
    SPILLWAY_OTLP_PORT: String(viewerPort),
  });
  await step("starting the system", () =>
    waitFor({
      url: `http://127.0.0.1:${gatewayPort}/readyz`,
      isReady: async (response) => ((await response.json()) as { edge: { state: string } }).edge.state === "ready",
      died: Promise.race([origin.died, system.died]),
      atMostMs: 120_000,
      what: "system",
    }),
  );
  const viewer = await openViewer(otlp);
  try {
    // The first of each warm up; the viewer is emptied before what is shown.
    for (const text of [SHORT, LONG]) await classify(text);
    await shoot("edge", SHORT);
    await shoot("spilled", LONG);
    await setPolicy({ version: 1, override: "origin" });
    await step("waiting for the policy", () => untilObeyed());
    await origin.stop();
    await shoot("failed-over", SHORT);

    async function shoot(name: string, text: string): Promise<void> {
      await viewer.clear();
      const { traceId } = await classify(text);
      await viewer.shoot(traceId, `docs/images/trace-${name}.png`);
    }
  } finally {
    await viewer.close();
  }
} finally {
  for (const child of children.toReversed()) await child.stop();
  await rm(stateFolder, { recursive: true, force: true });
}
