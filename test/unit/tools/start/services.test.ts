/** What `npm start` reads from the gateway's /readyz, and what it leaves of a start that failed. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type Child, startChild } from "../../../../tools/process/child.ts";
import { localSettings } from "../../../../tools/process/local-settings.ts";
import { freePort } from "../../../../tools/process/ports.ts";
import { edgeState, gatewayReady, startViewer } from "../../../../tools/start/services.ts";

let server: Server | null = null;
afterEach(() => void server?.close());

/** A gateway that answers with one state, and a record of the tokens that it got. */
async function gateway(edge: object, body: object = { edge }) {
  const port = await freePort();
  const tokens: (string | undefined)[] = [];
  server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return { settings: localSettings({ SPILLWAY_PORT: String(port), OPERATOR_TOKEN: "token-of-the-test" }), tokens };
}

const running: Child = {
  name: "gateway",
  pid: null,
  logFile: "logs/gateway.log",
  ended: new Promise(() => {}),
  died: new Promise(() => {}),
  stop: async () => {},
};

it("the edge's state is read as the operator reads it, and is unknown while the gateway does not answer", async () => {
  const { settings, tokens } = await gateway({ state: "cold" });
  expect(await edgeState(settings)).toBe("cold");
  expect(tokens).toEqual(["Bearer token-of-the-test"]);
  expect(await edgeState(localSettings({ SPILLWAY_PORT: String(await freePort()) }))).toBeNull();
});

it("a model that the edge rejects ends the start with the reason", async () => {
  const { settings } = await gateway({ state: "rejected", reason: "model.bin was changed" });
  await expect(gatewayReady(settings, running, true)).rejects.toThrow(
    "The edge rejected the model: model.bin was changed.",
  );
  const ready = await gateway({ state: "ready" });
  await expect(gatewayReady(ready.settings, running, true)).resolves.toBeUndefined();
});

it("an isolate that has rejected a package without an edge is ready: every text goes to the origin", async () => {
  const { settings } = await gateway({ state: "rejected", reason: "packed for the origin only" });
  await expect(gatewayReady(settings, running, false)).resolves.toBeUndefined();
});

it("a setting with which the gateway would refuse every request ends the start, with or without an edge", async () => {
  const problem = 'CORS_ORIGINS: "nope" is not allowed';
  const { settings } = await gateway({ state: "ready" }, { edge: { state: "ready" }, problems: [problem] });
  for (const hasEdge of [true, false]) {
    await expect(gatewayReady(settings, running, hasEdge)).rejects.toThrow(
      `The gateway would refuse every request: ${problem}.`,
    );
  }
  const cold = await gateway({ state: "cold" });
  await expect(gatewayReady(cold.settings, running, false)).resolves.toBeUndefined();
});

it("a gateway that refuses every caller ends the start with its sentence and its log", async () => {
  const { settings } = await gateway({}, { error: "OPERATOR_TOKEN cannot be used.", error_type: "misconfigured" });
  await expect(gatewayReady(settings, running, true)).rejects.toThrow(
    "The gateway answers 503: OPERATOR_TOKEN cannot be used. Details: logs/gateway.log.",
  );
  expect(await edgeState(settings)).toBeNull();
});

it.each([
  ["its error has the end of its log", "console.log('no space left');", /\. The end of \S+a\.log:\n {2}no space left$/],
  ["its error states that it printed nothing", "", / and printed nothing\.$/],
])("a service that ends before it answers leaves no process, and %s", async (_, prints, rest) => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-services-"));
  const children: Child[] = [];
  const start = async (name: string) => {
    const script = `${prints} process.exit(3)`;
    const child = await startChild(name, [process.execPath, "-e", script], process.env, join(folder, "a.log"));
    children.push(child);
    return child;
  };
  await expect(startViewer({ start }, await freePort())).rejects.toThrow(
    new RegExp(`^The trace viewer ended unexpectedly \\(exit code 3\\)${rest.source}`),
  );
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(["exit code 3"]);
  await rm(folder, { recursive: true });
});
