/**
 * One system that is started as a user starts it: the policy by commands, what callers get, and that no text remains anywhere. Each start takes
 * ten seconds of a core, so these share it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerTests } from "./parts/answers.ts";
import { policyTests } from "./parts/policy.ts";
import { privacyTests } from "./parts/privacy.ts";
import { allGone, askByContract, descendants, type Running, start } from "./support/system.ts";

let system: Running;
/** Where wrangler would write its own log files. */
let wranglerLogs: string;
beforeAll(async () => {
  wranglerLogs = await mkdtemp(join(tmpdir(), "spillway-wrangler-logs-"));
  const logs = { WRANGLER_LOG_PATH: wranglerLogs, WRANGLER_WRITE_LOGS: "true" };
  system = await start(logs, { throughNpm: true });
});
afterAll(async () => {
  if (system?.process.exitCode === null) await system.stop();
  await rm(wranglerLogs, { recursive: true, force: true });
});

describe("the ready line", () => {
  it("comes last, after the progress and a curl command for a short and a long text", () => {
    const lines = system.output().trimEnd().split("\n");
    expect(lines.at(-1)).toBe(`Spillway is ready: ${system.gateway}/v1/classify`);
    expect(system.output()).toMatch(/✓ starting the gateway in workerd \(\d+\.\d s\)/);
    expect(system.output().match(/curl -i http/g)).toHaveLength(2);
  });

  it("means that /healthz answers 200", async () => {
    expect((await askByContract(system, "/healthz")).body).toEqual({ status: "ok" });
  });
});

policyTests(() => system);
answerTests(() => system);
privacyTests(
  () => system,
  () => wranglerLogs,
);

describe("npm start", () => {
  it("leaves no process behind after SIGINT", async () => {
    const pids = await descendants(system);
    expect(pids.length).toBeGreaterThan(3);
    expect(await system.stop("SIGINT")).toBe(130);
    await allGone(pids);
  });
});
