/** The package's folder has the old package or the complete new one, whatever happens during packing. */
import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { openLocalPackage } from "../../../../../../tools/spillway/model/local-package.ts";
import { replaceFolder } from "../../../../../../tools/spillway/model/pack/staging.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();
const COMMAND = fileURLToPath(new URL("fixtures/pack.ts", import.meta.url));
const QUICK = { maxTokens: 16 };
/** Whatever the disk and the signals are. */
const env = { ...process.env, PACK_SKIPS: "checkTokenizer" };

describe("a package that is packed again", () => {
  it("increments its version, removes the old signature and files, and keeps other files", async () => {
    const folder = await scratch.model("again", { int8: false });
    const out = scratch.path("again-package");
    await quickPack({ folder, out, ...QUICK });
    await writeFile(join(out, "README.md"), "other");
    await writeFile(join(out, "model.sig"), "of the first version");
    const { manifest } = await quickPack({ folder, out, originOnly: true });
    expect(manifest.version).toBe(2);
    expect((await readdir(out)).sort()).toEqual(
      ["README.md", "manifest.json", "origin.onnx", "tokenizer.json", "tokenizer_config.json"].sort(),
    );
    expect(await openLocalPackage(out)).toMatchObject({ manifest });
  });

  it("is unchanged if the new one fails", async () => {
    const folder = await scratch.model("fails");
    const out = scratch.path("fails-package");
    const { manifest, modelId } = await quickPack({ folder, out, originOnly: true });
    await writeFile(join(folder, "model.onnx"), "not a model");
    await expect(quickPack({ folder, out })).rejects.toThrow(/not an ONNX file/);
    expect(await openLocalPackage(out)).toMatchObject({ manifest, modelId });
  });

  it("does not replace a manifest that is not a package's", async () => {
    const folder = await scratch.model("strange");
    await mkdir(scratch.path("strange-package"));
    await writeFile(scratch.path("strange-package/manifest.json"), '{"name": "a web app"}');
    await expect(quickPack({ folder, out: scratch.path("strange-package") })).rejects.toThrow(
      /manifest\.json is not a package's manifest/,
    );
  });

  it("with a Git LFS pointer as its manifest is not replaced, and the cause is named", async () => {
    const folder = await scratch.model("pointer");
    const out = scratch.path("pointer-package");
    await mkdir(out);
    await writeFile(join(out, "manifest.json"), "version https://git-lfs.github.com/spec/v1\n");
    await expect(quickPack({ folder, out })).rejects.toThrow(
      `${join(out, "manifest.json")} is a Git LFS pointer, not the file itself; fetch it first: git lfs pull`,
    );
  });
});

it("a folder with other files is not written to", async () => {
  const folder = await scratch.model("busy");
  const out = scratch.path("busy-package");
  await mkdir(out);
  await writeFile(join(out, "tokenizer.json"), "other");
  await expect(quickPack({ folder, out })).rejects.toThrow(/is not empty and has no package/);
  expect(await readFile(join(out, "tokenizer.json"), "utf8")).toBe("other");
});

describe("replaceFolder", () => {
  it("undoes every step if one fails", async () => {
    const [staged, target] = [await mkdtemp(scratch.path("staged-")), await mkdtemp(scratch.path("target-"))];
    await writeFile(join(staged, "a"), "new");
    await writeFile(join(target, "a"), "old");
    await mkdir(join(target, "deep"));
    await writeFile(join(target, "deep", "b"), "old");
    // The second step fails: there is no folder "deep" to move it into.
    expect(() => replaceFolder(staged, target, scratch.path("old"), ["deep/b"])).toThrow(/ENOENT/);
    expect(await readFile(join(target, "a"), "utf8")).toBe("old");
    expect(await readFile(join(staged, "a"), "utf8")).toBe("new");
  });
});

/** Resolves when the text appears on the process's stderr. */
function printed(child: ReturnType<typeof spawn>, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stderr?.on("data", (chunk) => {
      output += chunk;
      if (output.includes(words)) resolve();
    });
    child.once("close", () => reject(new Error(`ended without "${words}": ${output}`)));
  });
}

describe("an interrupted pack", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("leaves nothing behind: %s", async (signal) => {
    const folder = await scratch.model(`interrupted-${signal}`, { int8: false });
    const out = scratch.path(`made-${signal}/deep/package`);
    const child = spawn(process.execPath, [COMMAND, "pack", folder, "--out", out], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    const ended = new Promise<string | null>((resolve) => child.once("close", (_, by) => resolve(by)));
    await printed(child, "measuring");
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect((await readdir(scratch.path("."))).filter((name) => name.includes("made-"))).toEqual([]);
  });

  it("stops the quantizer too", async () => {
    const folder = await scratch.model("interrupted-python", { int8: false });
    const python = scratch.path("python3");
    // Every import succeeds, and quantizing never ends.
    const script = '#!/bin/sh\ncase "$*" in *import*) exit 0;; esac\necho $$ > "$PID_FILE"\nexec sleep 600\n';
    await writeFile(python, script, { mode: 0o755 });
    const child = spawn(
      process.execPath,
      [COMMAND, "pack", folder, "--out", scratch.path("never"), "--engine", "onnxruntime-web"],
      { env: { ...env, SPILLWAY_PYTHON: python, PID_FILE: scratch.path("pid") } },
    );
    const ended = new Promise<string | null>((resolve) => child.once("close", (_, by) => resolve(by)));
    await printed(child, "quantizing");
    const pidOf = async () => Number(await readFile(scratch.path("pid"), "utf8").catch(() => "0"));
    await expect.poll(pidOf, { timeout: 10_000 }).toBeGreaterThan(0);
    const pid = await pidOf();
    child.kill("SIGINT");
    expect(await ended).toBe("SIGINT");
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
    expect((await readdir(scratch.path("."))).filter((name) => name.includes("never"))).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process can have a mount that is removed with it. */
const canMount = spawnSync("sh", ["-c", "unshare -rm mount -t tmpfs tmpfs /mnt"]).status === 0;

describe.skipIf(!canMount)("a full disk", () => {
  // 178 KB of FP32, 54 KB of the engine's weights: the disk is full at the origin's file, at the weights, and at the last files.
  it.each([100, 200, 240])("of %i KiB ends in one sentence, and nothing is on it", async (sizeKib) => {
    const folder = scratch.path(`full-${sizeKib}`);
    await writeDistilbertFolder(folder, { ...SMALL, positions: 512, quantized: false });
    const disk = scratch.path(`disk-${sizeKib}`);
    await mkdir(disk);
    const script =
      'mount -t tmpfs -o size="$1" tmpfs "$2" && "$3" "$4" pack "$5" --out "$2/deep/package" --max-tokens 16; echo "exit $?"; ls -A "$2"';
    const words = [script, `${sizeKib}k`, disk, process.execPath, COMMAND, folder];
    const { stdout, stderr } = spawnSync("sh", ["-c", 'exec unshare -rm sh -c "$0" sh "$@"', ...words], {
      encoding: "utf8",
      env: { ...env, PACK_SKIPS: "checkTokenizer measureTimes" },
    });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      "The disk is full; no package was written. Free some space and pack again.",
    );
    expect(stdout).toBe("exit 1\n");
  });
});
