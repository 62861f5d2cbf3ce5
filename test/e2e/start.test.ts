/** `npm start` when something fails: one sentence, a non-zero exit code and no process left behind. */
import { once } from "node:events";
import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT_FOLDER } from "../../tools/process/checkout.ts";
import { freePort } from "../../tools/process/ports.ts";
import { bearer, CREDENTIALS } from "../support/credentials.ts";
import { LONG, SHORT } from "../support/texts.ts";
import { spillway, spillwayProcess } from "./support/spillway.ts";
import { allGone, classify, descendants, launch, type Running, START, start, until } from "./support/system.ts";

describe("npm start", () => {
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

  it("refuses one port for two services, before anything is started", async () => {
    const launched = await launch({ SPILLWAY_PORT: "8790" }, START);
    expect(await launched.exited).toBe(1);
    expect(launched.output().trim()).toBe(
      "SPILLWAY_PORT and SPILLWAY_ORIGIN_PORT are both 8790; each service needs its own port.",
    );
  });

  it("names the file that is missing, and leaves no folder for the state that it did not store", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-refused-"));
    const settings = { SPILLWAY_MODEL_DIR: "models/no-such-model", SPILLWAY_STATE_DIR: join(folder, "new/state") };
    const launched = await launch({ ...settings, ...(await freePorts()) }, START);
    expect(await launched.exited).toBe(1);
    expect(launched.output()).toContain("models/no-such-model/manifest.json is missing: pack the model again");
    expect(await readdir(folder)).toEqual([]);
    await rmdir(folder);
  });
});

describe("Ctrl-C", () => {
  /** Node's options with which a process gets Ctrl-C at the moment when it loads a file of the checkout. */
  const interruptedAt = (file: string) => {
    const load = `load: (url, context, next) => (url.endsWith("/${file}") && process.kill(process.pid, "SIGINT"), next(url, context))`;
    const script = `import { registerHooks } from "node:module"; registerHooks({ ${load} });`;
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
  };

  it("while npm start loads its code prints one line, and ends with 130", async () => {
    const launched = await launch(interruptedAt("tools/start/start.ts"), START);
    expect(await launched.exited).toBe(130);
    expect(launched.output()).toMatch(/^( {2}… [^\n]*\n)*Stopping …\n$/);
  });

  it.each([
    "start/main.mjs",
    ...["bench", "traffic", "deploy", "build-lambda", "spillway"].map((tool) => `${tool}/main.ts`),
  ])(
    "before the first line of %s has run ends the process by the signal, which a shell shows as 130, and prints nothing",
    async (entry) => {
      const file = `tools/${entry}`;
      const launched = await launch(interruptedAt(file), [process.execPath, file]);
      expect([await launched.exited, launched.process.signalCode]).toEqual([null, "SIGINT"]);
      expect(launched.output()).toBe("");
    },
  );

  it("at the first line of npm start's output, and at a later step, prints one line after it, no failure, and ends with 130", async () => {
    for (const step of ["… verifying", "… signing"]) {
      const launched = await launch(await freePorts(), START);
      await until(step, async () => launched.output().includes(step));
      const pids = await descendants(launched);
      expect(await launched.stop("SIGINT")).toBe(130);
      expect(launched.output()).toMatch(/^( {2}[…✓] [^\n]*\n)+Stopping …\n$/);
      await allGone(pids);
    }
  });

  /** A bench that has started a process, and waits. `SIGUSR2` makes it fail outside of what it awaits. */
  const wait = `[process.execPath, "-e", "setInterval(() => {}, 1000)"]`;
  const bench = `
    import { withWorkspace } from "./tools/bench/system/workspace.ts";
    process.on("SIGUSR2", () => void Promise.reject(new Error("A page was closed.")));
    const bench = async ({ start }) => {
      await start("any", ${wait}, {});
      console.log("up");
      await new Promise(() => {});
    };
    await withWorkspace(60_000, bench).catch(({ message, exitCode }) => {
      console.log(message);
      process.exit(exitCode ?? 1);
    });`;

  it.each<[string, NodeJS.Signals, number, string]>([
    ["during a bench", "SIGINT", 130, "Stopped before the bench was done."],
    ["or a terminal that closes", "SIGHUP", 129, "Stopped before the bench was done."],
    ["or a rejection that nothing awaits", "SIGUSR2", 1, "Unexpected error: A page was closed."],
  ])("%s ends what it has started, and the bench with one sentence", async (_, signal, code, sentence) => {
    const launched = await launch({}, [process.execPath, "--input-type=module-typescript", "-e", bench]);
    await until("its process", async () => launched.output().includes("up"));
    const pids = await descendants(launched);
    expect(pids).toHaveLength(1);
    expect(await launched.stop(signal)).toBe(code);
    expect(launched.output()).toBe(`up\n${sentence}\n`);
    await allGone(pids);
  });
});

async function freePorts() {
  const [gateway, control, origin, viewer] = [await freePort(), await freePort(), await freePort(), await freePort()];
  return {
    SPILLWAY_PORT: String(gateway),
    SPILLWAY_CONTROL_PORT: String(control),
    SPILLWAY_ORIGIN_PORT: String(origin),
    SPILLWAY_OTLP_PORT: String(viewer),
  };
}

/** Folders named .wrangler below the folders of the sources, as paths in the checkout. Tests' own Workers have theirs. */
async function wranglerFolders(): Promise<string[]> {
  const top = await readdir(CHECKOUT_FOLDER, { withFileTypes: true });
  const sources = top.filter((entry) => entry.isDirectory() && !/^(\..*|node_modules|test)$/.test(entry.name));
  const below = sources.map(async ({ name }) =>
    (await readdir(join(CHECKOUT_FOLDER, name), { recursive: true })).map((path) => join(name, path)),
  );
  return (await Promise.all(below)).flat().filter((path) => basename(path) === ".wrangler");
}
/** Left by other programs. */
const before = await wranglerFolders();

describe("an origin that does not listen, and callers who need a key", () => {
  const OPERATOR_TOKEN = "the-operator's-token";
  let system: Running;
  let key: { authorization: string };
  beforeAll(async () => {
    const variables = {
      SPILLWAY_ORIGIN_URL: `http://127.0.0.1:${await freePort()}/`,
      ...CREDENTIALS,
      ANONYMOUS_ACCESS: "refused",
      OPERATOR_TOKEN,
    };
    system = await start(variables, { throughNpm: true });
    key = bearer(await keys("create", "--name", "Ann", "--rate", "large", "--expires", "90d"));
  });
  afterAll(async () => {
    if (system.process.exitCode === null) await system.stop();
  });
  const keys = (...words: string[]) => spillway({ ...system, token: OPERATOR_TOKEN }, "keys", ...words);

  it("short texts are answered at the edge, long ones are refused with 503 and Retry-After", async () => {
    expect((await classify(system, SHORT, key)).headers.get("x-spillway-route")).toBe("edge");
    const refused = await classify(system, LONG, key);
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ error_type: "unavailable" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await classify(system, SHORT, key)).status).toBe(200);
  });

  it("a key from the command authenticates, a revoked key does not, and no command shows a key again", async () => {
    // The key is all that stdout contains, so that a shell can read it.
    const other = await keys("create", "--name", "Ben");
    for (const { authorization } of [key, bearer(other)]) {
      expect(authorization).toMatch(/^Bearer spw_[a-z2-7]{12}_[\w-]{43}$/);
    }
    expect((await classify(system, SHORT)).status).toBe(401);
    const id = other.slice(4, 16);
    expect(await keys("revoke", id)).toBe(`${id} (Ben) is revoked. The gateway rejects it within 60 s.`);
    expect((await classify(system, SHORT, bearer(other))).status).toBe(401);
    const [table, json] = [await keys("list"), await keys("list", "--json")];
    expect(table).toMatch(
      /^id +name +state +last used, UTC +scopes +rate +inputs +created +expires\n\w{12} +Ann +active +(unknown|not since [\d :-]+|[\d :-]+) +classify +large /,
    );
    expect(JSON.parse(json)).toMatchObject([
      { name: "Ann", state: "active", rate: "large", scopes: ["classify"] },
      { id, name: "Ben", state: "revoked", rate: "standard", expiresAt: null },
    ]);
    for (const secret of [key.authorization.slice(-43), other.slice(-43), "sha256"]) {
      expect(table + json).not.toContain(secret);
    }
    await expect(spillwayProcess(system, "keys", "revoke", "zzzzzzzzzzzz")).rejects.toThrow(
      /^There is no key zzzzzzzzzzzz\. Active keys: \w{12} \(Ann\)/,
    );
    await expect(keys("create", "--name", "Cal", "--rate", "huge")).rejects.toThrow(/small, standard, large/);
  });

  it("/readyz shows its details only to the operator", async () => {
    const look = async (headers = {}) => (await fetch(`${system.gateway}/readyz`, { headers })).json();
    expect(await look()).toEqual({ ready: true, edge: { state: "ready" }, origin: { breaker: expect.any(String) } });
    expect(await look(bearer(OPERATOR_TOKEN))).toMatchObject({ access: { anonymous: "refused" }, problems: [] });
    expect(await look(key)).toMatchObject({ error_type: "unauthorized" });
  });

  it("the hour of a key's last use is in the list, once the isolate has reported it", async () => {
    const pushed = () =>
      fetch(`http://127.0.0.1:${system.ports.control}/v1/ledger`, { headers: bearer(OPERATOR_TOKEN) });
    await until("the use", async () => {
      await pushed();
      const [ann] = JSON.parse(await keys("list", "--json"));
      return ann.lastUsedAt !== null;
    });
  });

  it("a second start on its state, and npm run reset, are refused in one sentence with the next step", async () => {
    const env = { SPILLWAY_STATE_DIR: system.stateFolder };
    const holder = `process \\d+ since [\\d:]+, ${system.gateway}`;
    const second = await launch({ ...env, ...(await freePorts()) }, START);
    expect(await second.exited).toBe(1);
    expect(second.output().trim()).toMatch(
      new RegExp(`^npm start already uses this state: ${holder}\\. Stop it with .*\\.$`),
    );
    const reset = await launch(env, [process.execPath, "tools/reset.ts"]);
    expect(await reset.exited).toBe(1);
    expect(reset.output().trim()).toMatch(
      new RegExp(
        `^npm start uses this state: ${holder}\\. Stop it with .*repeat npm run reset\\. Nothing was removed\\.$`,
      ),
    );
    expect((await classify(system, SHORT, key)).status).toBe(200);
  });

  it("npm start leaves no .wrangler in the checkout but the one that the documentation names", async () => {
    const isNew = (name: string) => !before.includes(name);
    // The wrangler of another test may run at the moment.
    await expect.poll(async () => (await wranglerFolders()).filter(isNew)).toEqual([]);
  });

  it("npm start leaves no process behind after SIGTERM", async () => {
    const pids = await descendants(system);
    expect(pids.length).toBeGreaterThan(2);
    expect(await system.stop("SIGTERM")).toBe(143);
    await allGone(pids);
  });
});
