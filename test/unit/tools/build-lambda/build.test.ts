/** `npm run build:lambda` as a user runs it, on a package small enough that ONNX Runtime is nearly all of the artifact. */
import { execFile } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type BuildOptions, buildLambda } from "../../../../tools/build-lambda/build.ts";
import { LIMITS } from "../../../../tools/build-lambda/limits.ts";
import { type Contents, unzip } from "../../../../tools/build-lambda/put-artifact.ts";
import { otherPlatform } from "../../../../tools/build-lambda/try-artifact.ts";
import { signFolder } from "../../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { silent } from "../../../../tools/spillway/terminal/progress.ts";
import { type TinyPackage, writeTinyPackage } from "../../../support/model-package.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const BUILD = fileURLToPath(new URL("../../../../tools/build-lambda/main.ts", import.meta.url));
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const runs = otherPlatform("x64") === null;

let folder: string;
let tiny: TinyPackage;
let key: string;
const { privateKey, publicKey } = generateKeyPair();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-build-"));
  tiny = await signedPackage("tiny");
  key = join(folder, "signing.pub.pem");
  await writeFile(key, publicKey);
});
afterAll(() => rm(folder, { recursive: true }));

async function signedPackage(name: string, prepare: (path: string) => void = () => {}): Promise<TinyPackage> {
  const made = await writeTinyPackage(join(folder, name));
  prepare(made.folder);
  await signFolder(made.folder, privateKey);
  return made;
}

/** Runs the command. */
async function command(...options: string[]) {
  const run = await promisify(execFile)(process.execPath, [BUILD, ...options], { cwd: root }).catch((error) => error);
  return { code: Number(run.code ?? 0), stdout: String(run.stdout), stderr: String(run.stderr) };
}

/** The same in this process. */
const build = (options: Partial<BuildOptions> & { out: string }) =>
  buildLambda({ package: tiny.folder, arch: "x64", kind: "auto", key, ...options }, silent);

describe("the zip", () => {
  let zipped: Awaited<ReturnType<typeof build>>;
  let contents: Contents;
  beforeAll(async () => {
    zipped = await build({ out: join(folder, "zip") });
    contents = unzip(await readFile(zipped.path));
  });

  it("holds the handler, ONNX Runtime for one platform and the package without the edge's file, and nothing else", () => {
    const names = [...contents.keys()].sort();
    expect(names).toEqual(zipped.files.map(({ name }) => name).sort());
    expect(names.filter((name) => !name.startsWith("node_modules/"))).toEqual([
      "handler.mjs",
      "model/manifest.json",
      "model/model.onnx",
      "model/model.sig",
      "model/tokenizer.json",
      "model/tokenizer_config.json",
    ]);
    const modules = names.filter((name) => name.startsWith("node_modules/"));
    expect(new Set(modules.map((name) => name.split("/")[1]))).toEqual(
      new Set(["onnxruntime-common", "onnxruntime-node"]),
    );
    expect(modules.filter((name) => !/\.js$|\/package\.json$/.test(name))).toEqual([
      "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1",
      "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node",
    ]);
  });

  it("is within Lambda's limits, for a direct upload too", async () => {
    expect(zipped).toMatchObject({ kind: "zip", zipBytes: (await stat(zipped.path)).size });
    expect(zipped.zipBytes).toBeLessThan(LIMITS.directUploadBytes);
    expect(zipped.unzippedBytes).toBeLessThan(LIMITS.unzippedBytes);
  });

  it("needs no newer system than Lambda's: Amazon Linux 2023 has glibc 2.34", () => {
    const natives = [...contents].filter(([name]) => /\.node$|\.so\.1$/.test(name));
    const minors = natives.flatMap(([, bytes]) =>
      [
        ...Buffer.from(bytes)
          .toString("latin1")
          .matchAll(/GLIBC_2\.(\d+)/g),
      ].map(([, minor]) => Number(minor)),
    );
    expect(Math.max(...minors)).toBeLessThanOrEqual(34);
  });

  it.runIf(runs)("answered an event in a clean process, with its own model", () => {
    expect(zipped.modelId).toBe(tiny.modelId);
    expect(zipped.tried).toMatchObject({ label: expect.stringMatching(/^(ham|spam)$/) });
  });

  it("is named by its digest, and an image of the same files has the same digest", async () => {
    expect(zipped.path).toBe(join(folder, "zip", `origin-${zipped.digest.slice(0, 12)}.zip`));
    const image = await build({ out: join(folder, "zip"), kind: "image" });
    expect(image).toMatchObject({ kind: "image", digest: zipped.digest, zipBytes: null, path: join(folder, "zip") });
    expect((await readdir(image.path)).sort()).toEqual(["Dockerfile", "function"]);
  });
});

describe("a package larger than a zip may unpack to", () => {
  let large: TinyPackage;
  beforeAll(async () => {
    large = await signedPackage("large", (path) => {
      writeFileSync(join(path, "weights.bin"), "");
      truncateSync(join(path, "weights.bin"), 230 * 2 ** 20);
    });
  });

  it("is refused with --zip, with the numbers and the next step, and leaves nothing behind", async () => {
    const out = join(folder, "refused");
    await expect(build({ package: large.folder, out, kind: "zip" })).rejects.toThrow(
      /^The function unpacks to 27\d\.\d MB, and Lambda's limit for a zip is 250\.0 MB unpacked, with S3 too: build a container image instead \(up to 10,240\.0 MB\), without --zip or with --image\.$/,
    );
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });

  it("becomes a container image's folder otherwise, with the reason", async () => {
    const out = join(folder, "image");
    const { code, stdout, stderr } = await command("--package", large.folder, "--key", key, "--out", out);
    expect(code).toBe(0);
    expect(stdout).toBe(`${out}\n`);
    expect(stderr).toMatch(/over the 250\.0 MB that a zip may unpack to, so this is a container image/);
    expect(stderr).toMatch(/docker build --platform linux\/amd64/);
    expect(await readFile(join(out, "Dockerfile"), "utf8")).toMatch(/^COPY function\/ /m);
    expect((await stat(join(out, "function/model/weights.bin"))).size).toBe(230 * 2 ** 20);
    if (runs) expect(stderr).toMatch(/answers +"(ham|spam)" in \d+ ms/);
  });
});

describe("the build refuses", () => {
  const out = () => join(folder, "none");

  it("a package that is not signed, with the command that signs it", async () => {
    const { folder: path } = await writeTinyPackage(join(folder, "unsigned"));
    const { code, stderr } = await command("--package", path, "--key", key, "--out", out());
    expect(code).toBe(1);
    expect(stderr.trim().split("\n").at(-1)).toBe(
      `${join(path, "model.sig")} is missing, and the function runs signed packages only. Sign the package: npx spillway model sign ${path} --key <private.pem>. To only try the build, pass --sign-for-this-run.`,
    );
  });

  it("a signed package without a pinned key, with the flags that work", async () => {
    const { code, stderr } = await command("--package", tiny.folder, "--out", out());
    expect(code).toBe(1);
    expect(stderr.trim().split("\n").at(-1)).toBe(
      "No key is pinned: MODEL_PUBLIC_KEY in wrangler.toml is empty. Pass the public key of the pair that signed the package: npm run build:lambda -- --key <public.pem>. The key that an environment pins: --env <name>. To only try the build: --sign-for-this-run.",
    );
    // The other platform's artifact is not tried, which saves two copies and a process.
    const arch = runs ? "arm64" : "x64";
    const built = build({ out: join(folder, "for-this-run"), kind: "image", arch, signForThisRun: true });
    await expect(built).resolves.toMatchObject({ modelId: tiny.modelId, tried: null });
  });

  it("a package that another key signed", async () => {
    const stranger = join(folder, "stranger.pub.pem");
    await writeFile(stranger, generateKeyPair().publicKey);
    await expect(build({ key: stranger, out: out() })).rejects.toThrow(
      /^The model was signed with the key \w{12}…, not with \w{12}…\. Sign it: npx spillway model sign /,
    );
  });

  it("a package that was changed after it was signed", async () => {
    const changed = await signedPackage("changed");
    await writeFile(join(changed.folder, "tokenizer.json"), "{}");
    await expect(build({ package: changed.folder, out: out() })).rejects.toThrow("was changed after it was signed");
  });

  it("a target folder with other files", async () => {
    await expect(build({ out: tiny.folder })).rejects.toThrow(
      /contains edge\.ort, which is not from a build: pass an empty or a new folder with --out\.$/,
    );
  });

  it("and leaves nothing behind", async () => {
    await expect(readdir(out())).rejects.toThrow("ENOENT");
    expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
