/** `npm start` on a bad day: each ends in one clear sentence, a non-zero exit and no process left behind. */
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../tools/process/ports.ts";
import { spillway } from "./support/spillway.ts";
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
      `Port ${port} (the gateway) is in use. Stop the process that listens on it, or set SPILLWAY_PORT to another port.`,
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

describe("an origin that is not there, and callers who need a key", () => {
  let system: Running;
  let key: { authorization: string };
  beforeAll(async () => {
    system = await start({
      SPILLWAY_ORIGIN_URL: `http://127.0.0.1:${await freePort()}/`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
      ANONYMOUS_ACCESS: "refused",
      OPERATOR_TOKEN: "the-operator's-token",
    });
    running.push(system);
    key = bearer(await keys("create", "--name", "Ann", "--rate", "large", "--expires", "90d"));
  });
  const keys = (...words: string[]) => spillway(system, "keys", ...words);
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

  it("short texts are answered at the edge, long ones are refused with 503 and Retry-After", async () => {
    expect((await classify(system, SHORT, key)).headers.get("x-spillway-route")).toBe("edge");
    const refused = await classify(system, LONG, key);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ error_type: "unavailable" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await classify(system, SHORT, key)).status).toBe(200);
  });

  it("a key that the command made lets in, one that it revoked does not, and it never shows one again", async () => {
    // Alone on stdout, so that a shell can take it.
    expect(key.authorization).toMatch(/^Bearer spw_[a-z2-7]{12}_[\w-]{43}$/);
    expect((await classify(system, SHORT)).status).toBe(401);
    const other = await keys("create", "--name", "Ben");
    const id = other.slice(4, 16);
    expect(await keys("revoke", id)).toBe(`${id} (Ben) is revoked; it stops within 60 s.`);
    expect((await classify(system, SHORT, bearer(other))).status).toBe(401);
    const [table, json] = await Promise.all([keys("list"), keys("list", "--json")]);
    expect(table).toMatch(
      /^id +name +state +scopes +rate +inputs +created +expires\n\w{12} +Ann +active +classify +large /,
    );
    expect(JSON.parse(json)).toMatchObject([
      { name: "Ann", state: "active", rate: "large", scopes: ["classify"] },
      { id, name: "Ben", state: "revoked", rate: "standard", expiresAt: null },
    ]);
    for (const secret of [key.authorization.slice(-43), other.slice(-43), "sha256"]) {
      expect(table + json).not.toContain(secret);
    }
    await expect(keys("revoke", "zzzzzzzzzzzz")).rejects.toThrow(
      /^There is no key zzzzzzzzzzzz; there are \w{12} \(Ann\)/,
    );
    await expect(keys("create", "--name", "Cal", "--rate", "huge")).rejects.toThrow(/small, standard, large/);
  });

  it("/readyz tells its details to the operator alone", async () => {
    const look = async (headers = {}) => (await fetch(`${system.gateway}/readyz`, { headers })).json();
    expect(await look()).toEqual({ ready: true, edge: { state: "ready" }, origin: { breaker: expect.any(String) } });
    expect(await look(bearer("the-operator's-token"))).toMatchObject({
      access: { anonymous: "refused" },
      problems: [],
    });
    expect(await look(key)).toMatchObject({ error_type: "unauthorized" });
  });
});
