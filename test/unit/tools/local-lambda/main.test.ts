import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { originAnswerSchema } from "../../../../formats/origin-wire.ts";
import { createSignedFetch } from "../../../../gateway/origin/signed-fetch.ts";
import { signFolder } from "../../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { type TinyPackage, writeTinyPackage } from "../../../support/model-package.ts";

// Real processes on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
const MAIN = fileURLToPath(new URL("../../../../tools/local-lambda/main.ts", import.meta.url));
const keys = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret-example" };
const fixture = (name: string) => fileURLToPath(new URL(`../../lambda-origin/fixtures/${name}`, import.meta.url));
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret-example" };

let folder: string;
let tiny: TinyPackage;
let origin: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-origin-"));
  tiny = await writeTinyPackage(join(folder, "tiny"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => origin?.kill("SIGKILL"));

function start(environment: Record<string, string>, ...words: string[]): ChildProcess {
  const env = {
    PATH: process.env["PATH"] ?? "",
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
    SPILLWAY_ORIGIN_PORT: "0",
    SPILLWAY_MODEL_DIR: tiny.folder,
    // An origin that is killed cannot delete its files.
    TMPDIR: folder,
    ...environment,
  };
  origin = spawn(process.execPath, [MAIN, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  return origin;
}

/** The address in the ready line. */
async function readyUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no output");
  for await (const line of createInterface(child.stdout)) {
    const url = /^origin ready on (http:\S+)$/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error("the origin ended before it was ready");
}

async function errorsOf(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stderr ?? []) text += chunk;
  return text;
}

const post = (url: string, body: unknown) =>
  createSignedFetch({ url, region: "us-east-1", ...credentials }, fetch)(
    JSON.stringify(body),
    AbortSignal.timeout(60_000),
    60_000,
  );

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the local origin", () => {
  it("answers a signed request with the real handler", async () => {
    const url = await readyUrl(start({ ...keys, SPILLWAY_ORIGIN_PREWARM: "1" }));
    const response = await post(url, { text: "ham spam", maxTokens: 100 });
    expect(response.status).toBe(200);
    expect(originAnswerSchema.parse(await response.json())).toMatchObject({
      model: tiny.modelId,
      windows: [{ tokens: 2 }],
    });
  });

  it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("leaves no process behind after %s", async (signal) => {
    const child = start({ ...keys, SPILLWAY_ORIGIN_HANDLER: fixture("handler.handler") });
    const url = await readyUrl(child);
    const { pid: idlePid } = (await (await post(url, {})).json()) as { pid: number };
    const inFlight = post(url, { do: "hang" }).catch(() => undefined);
    const { pid: busyPid } = (await (await post(url, {})).json()) as { pid: number };
    child.kill(signal);
    const [code] = await once(child, "exit");
    expect(code).toBe(signal === "SIGKILL" ? null : 0);
    await expect.poll(() => [idlePid, busyPid].filter(isAlive), { timeout: 30_000 }).toEqual([]);
    await inFlight;
  });

  it("has no options, and starts nothing for one", async () => {
    const child = start(keys, "--port=8790");
    const exited = once(child, "exit");
    expect(await errorsOf(child)).toMatch(/^The local origin has no option --port=8790\.\n\nUsage: /);
    expect(await exited).toEqual([2, null]);
  });

  it("gives an instance no part of the caller's credentials", async () => {
    const secrets = { ...keys, AWS_SESSION_TOKEN: "", SPILLWAY_SOMETHING: "x", OTEL_SERVICE_NAME: "spillway-origin" };
    const url = await readyUrl(start({ ...secrets, SPILLWAY_ORIGIN_HANDLER: fixture("handler.handler") }));
    const seen = (await (await post(url, {})).json()) as { environment: string[]; seesPrivateKey: boolean };
    expect(seen.environment).toEqual(
      expect.arrayContaining(["AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "OTEL_SERVICE_NAME", "SPILLWAY_MODEL_DIR"]),
    );
    expect(seen.environment.filter((name) => /KEY|SECRET|TOKEN|SOMETHING/.test(name))).toEqual(["MODEL_PUBLIC_KEY"]);
    expect(seen.seesPrivateKey).toBe(false);
  });

  it.each([
    { name: "the keys are missing", environment: {}, says: "AWS_ACCESS_KEY_ID is not set" },
    {
      name: "a number is invalid",
      environment: { ...keys, SPILLWAY_ORIGIN_TIMEOUT_MS: "soon" },
      says: 'SPILLWAY_ORIGIN_TIMEOUT_MS is "soon"; it must be a whole number of at least 1',
    },
    {
      name: "no instance can be started",
      environment: { ...keys, SPILLWAY_ORIGIN_PREWARM: "1", SPILLWAY_ORIGIN_HANDLER: fixture("broken-init.handler") },
      says: "INIT cannot work",
    },
    {
      name: "there is no package to sign",
      environment: { ...keys, SPILLWAY_MODEL_DIR: "models/no-such-model" },
      says: "SPILLWAY_MODEL_DIR",
    },
    {
      name: "a signature is given without the key it is verified with",
      environment: { ...keys, SPILLWAY_MODEL_SIGNATURE: "model.sig" },
      says: "MODEL_PUBLIC_KEY",
    },
  ])("ends with status 1 and one sentence if $name", async ({ environment, says }) => {
    const child = start(environment);
    const [errors, [code]] = await Promise.all([errorsOf(child), once(child, "exit")]);
    expect(code).toBe(1);
    expect(errors.trim().split("\n")).toEqual([expect.stringContaining(says)]);
  });

  it("ends with status 1 and the next step if the port is in use", async () => {
    const first = start(keys);
    const { port } = new URL(await readyUrl(first));
    const second = start({ ...keys, SPILLWAY_ORIGIN_PORT: port });
    const [errors, [code]] = await Promise.all([errorsOf(second), once(second, "exit")]);
    expect(code).toBe(1);
    expect(errors).toBe(
      `The local origin cannot start: port ${port} is in use; stop the process that listens there, or set SPILLWAY_ORIGIN_PORT\n`,
    );
    first.kill("SIGKILL");
  });
});

describe("the model's signature", () => {
  const ask = (url: string) => post(url, { text: "ham", maxTokens: 10 });

  it("is made for the run, readable only by its user, and deleted at the end", async () => {
    const tmp = await mkdtemp(join(folder, "tmp-"));
    const child = start({ ...keys, TMPDIR: tmp });
    await readyUrl(child);
    const [made = ""] = await readdir(tmp);
    expect((await stat(join(tmp, made))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(tmp, made))).toEqual(["model.sig"]);
    expect((await stat(join(tmp, made, "model.sig"))).mode & 0o777).toBe(0o600);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(await readdir(tmp)).toEqual([]);
  });

  it("is made for the run if the package has one of an unknown key", async () => {
    const other = await writeTinyPackage(await mkdtemp(join(folder, "other-")));
    await signFolder(other.folder, generateKeyPair().privateKey);
    expect((await ask(await readyUrl(start({ ...keys, SPILLWAY_MODEL_DIR: other.folder })))).status).toBe(200);
  });

  it("is the one in the package if its key is given", async () => {
    const { privateKey, publicKey } = generateKeyPair();
    const signed = await writeTinyPackage(await mkdtemp(join(folder, "signed-")));
    await signFolder(signed.folder, privateKey);
    const environment = { ...keys, SPILLWAY_MODEL_DIR: signed.folder, MODEL_PUBLIC_KEY: publicKey };
    expect((await ask(await readyUrl(start(environment)))).status).toBe(200);
  });

  it("by another key than the pinned one: the caller gets 503, the operator one line with the reason", async () => {
    const signed = await writeTinyPackage(await mkdtemp(join(folder, "stranger-")));
    await signFolder(signed.folder, generateKeyPair().privateKey);
    const signature = join(folder, "stranger.sig");
    await rename(join(signed.folder, "model.sig"), signature);
    const child = start({
      ...keys,
      SPILLWAY_MODEL_DIR: signed.folder,
      SPILLWAY_MODEL_SIGNATURE: signature,
      MODEL_PUBLIC_KEY: generateKeyPair().publicKey,
    });
    const errors = errorsOf(child);
    const response = await ask(await readyUrl(child));
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      error: "the model could not be loaded",
      error_type: "model-unavailable",
      usage: expect.anything(),
    });
    child.kill("SIGTERM");
    const lines = (await errors).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: "error", error_type: "model-unavailable", reason: expect.stringMatching(/^signature: wrong-key: /) },
    ]);
  });
});
