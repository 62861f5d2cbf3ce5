/** `npm start` on a bad day: each ends in one clear sentence, a non-zero exit and no process left behind. */

import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { freePort } from "../../tools/start/ports.ts";
import {
  classify,
  descendants,
  findDescendant,
  isAlive,
  launch,
  type Running,
  start,
  until,
} from "./support/system.ts";

const SHORT = "WIN a free prize now, click here";
const LONG = "Hi Anna, the notes of the meeting are attached, see you at lunch on Thursday. ".repeat(60);
const running: Running[] = [];
afterAll(async () => {
  for (const system of running) await system.stop();
});

const allGone = (pids: readonly number[]) => until("the end of every child", async () => !pids.some(isAlive), 15_000);

describe("npm start", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("leaves no process behind after %s", async (signal) => {
    const system = await start();
    const pids = await descendants(system.process.pid ?? 0);
    expect(pids.length).toBeGreaterThan(3);
    expect(await system.stop(signal)).toBe(0);
    await allGone(pids);
  });

  it("names the port that is in use and the variable that moves it", async () => {
    const port = await freePort();
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    const launched = await launch({ SPILLWAY_PORT: String(port) });
    expect(await launched.exited).toBe(1);
    expect(launched.output().trim()).toBe(
      `Port ${port} (the gateway) is in use. Stop what listens there, or choose another with SPILLWAY_PORT.`,
    );
    squatter.close();
  });

  it("names the file that is missing", async () => {
    const launched = await launch({
      SPILLWAY_MODEL_DIR: "models/no-such-model",
      SPILLWAY_PORT: String(await freePort()),
      SPILLWAY_ORIGIN_PORT: String(await freePort()),
      SPILLWAY_OTLP_PORT: String(await freePort()),
    });
    expect(await launched.exited).toBe(1);
    expect(launched.output()).toContain("models/no-such-model/manifest.json is missing: pack the model again");
  });

  it("says which child died, and ends the others", async () => {
    const system = await start();
    const pids = await descendants(system.process.pid ?? 0);
    process.kill(await findDescendant(system.process.pid ?? 0, "autotel-devtools"), "SIGKILL");
    const exit = await once(system.process, "exit");
    expect(exit[0]).toBe(1);
    expect(system.output()).toMatch(/The trace viewer ended unexpectedly \(signal SIGKILL\)/);
    await allGone(pids);
  });
});

describe("an origin that is not there", () => {
  it("short texts are answered at the edge, long ones are refused with 503 and Retry-After", async () => {
    const system = await start({
      SPILLWAY_ORIGIN_URL: `http://127.0.0.1:${await freePort()}/`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
    });
    running.push(system);
    expect((await classify(system, SHORT)).headers.get("x-spillway-route")).toBe("edge");
    const refused = await classify(system, LONG);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ error_type: "unavailable" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await classify(system, SHORT)).status).toBe(200);
  });
});
