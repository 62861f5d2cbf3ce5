/** From a signed package to what Lambda runs: a zip, or the folder and Dockerfile of a container image, tried before it is put out. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Progress } from "../../models/pack/progress.ts";
import { withStaging } from "../../models/pack/staging.ts";
import { type Architecture, type ArtifactFile, HANDLER_FILE, modelFiles, runtimeFiles } from "./artifact-files.ts";
import { bundleHandler } from "./bundle.ts";
import { type ArtifactKind, kindFor } from "./limits.ts";
import { type KeyOptions, openSignedModel, type SignedModel } from "./signed-model.ts";
import { otherPlatform, type Tried, tryArtifact } from "./try-artifact.ts";
import { unzip, zip } from "./zip.ts";

export interface BuildOptions extends KeyOptions {
  package: string;
  out: string;
  arch: Architecture;
  kind: ArtifactKind | "auto";
}

export interface Built {
  kind: ArtifactKind;
  arch: Architecture;
  modelId: string;
  keyFingerprint: string;
  /** Over every file's name and content: the artifact's name. The same for the same files, whoever packs them. */
  digest: string;
  unzippedBytes: number;
  /** Of the zip; null for an image. */
  zipBytes: number | null;
  /** What to upload, or the folder to build the image in. */
  path: string;
  files: readonly ArtifactFile[];
  /** Null where the artifact is for another machine than this one. */
  tried: Tried | null;
}

const DOCKERFILE = "Dockerfile";
const FUNCTION_FOLDER = "function";
const ZIP_NAME = /^origin-[0-9a-f]{12}\.zip$/;

/** @throws Error with one sentence that tells the next step; `out` is then as it was */
export async function buildLambda(options: BuildOptions, progress: Progress): Promise<Built> {
  const { arch, out } = options;
  const model = await progress.step("verify the package", 1, () => openSignedModel(options.package, options));
  await refuseOthersFolder(out);
  return withStaging(out, await ownFiles(out), async (staging) => {
    const handler = join(staging.work, HANDLER_FILE);
    await progress.step("bundle the handler", 1, () => bundleHandler(handler));
    const files = [
      { name: HANDLER_FILE, source: handler, sizeBytes: (await stat(handler)).size },
      ...(await runtimeFiles(arch)),
      ...modelFiles(model),
    ];
    const unzippedBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const kind = kindFor(options.kind, unzippedBytes);
    const made = await (kind === "zip" ? putZip : putImage)(files, staging.package, progress);
    const tried = await tryUnpacked(made.unpackTo, model, arch, progress);
    const { modelId, keyFingerprint } = model;
    const { digest, zipBytes, name } = made;
    const path = join(out, name);
    return { kind, arch, modelId, keyFingerprint, digest, unzippedBytes, zipBytes, path, files, tried };
  });
}

interface Made {
  /** Below `out`; empty for the folder itself. */
  name: string;
  digest: string;
  zipBytes: number | null;
  unpackTo: (folder: string) => Promise<void>;
}

async function putZip(files: readonly ArtifactFile[], target: string, progress: Progress): Promise<Made> {
  const contents = new Map<string, Uint8Array>();
  for (const { name, source } of files) contents.set(name, await readFile(source));
  const digest = digestOf(new Map([...contents].map(([name, bytes]) => [name, sha256(bytes)])));
  const name = `origin-${digest.slice(0, 12)}.zip`;
  const zipBytes = await progress.step(`zip ${files.length} files`, 1, async () => {
    const bytes = zip(contents);
    await writeFile(join(target, name), bytes);
    return bytes.length;
  });
  const unpackTo = async (folder: string) => {
    for (const [file, bytes] of unzip(await readFile(join(target, name)))) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), bytes);
    }
  };
  return { name, digest, zipBytes, unpackTo };
}

/** The folder that `docker build` is given: a Dockerfile, and beside it the function as it will lie in /var/task. */
async function putImage(files: readonly ArtifactFile[], target: string, progress: Progress): Promise<Made> {
  const dockerfile = fileURLToPath(new URL(`../../lambda-origin/${DOCKERFILE}`, import.meta.url));
  const digests = await progress.step(`copy ${files.length} files`, 1, async () => {
    await copyFile(dockerfile, join(target, DOCKERFILE));
    return copyInto(files, join(target, FUNCTION_FOLDER));
  });
  const copies = files.map((file) => ({ ...file, source: join(target, FUNCTION_FOLDER, file.name) }));
  const unpackTo = async (folder: string) => void (await copyInto(copies, folder));
  return { name: "", digest: digestOf(digests), zipBytes: null, unpackTo };
}

async function copyInto(files: readonly ArtifactFile[], folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { name, source } of files) {
    const target = join(folder, name);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    digests.set(name, sha256(await readFile(target)));
  }
  return digests;
}

async function tryUnpacked(
  unpackTo: (folder: string) => Promise<void>,
  model: SignedModel,
  arch: Architecture,
  progress: Progress,
): Promise<Tried | null> {
  const other = otherPlatform(arch);
  if (other !== undefined) {
    progress.note(`not tried here: ${other}`);
    return null;
  }
  const scratch = await mkdtemp(join(tmpdir(), "spillway-artifact-"));
  try {
    return await progress.step("answer an event in a clean process", 1, async () => {
      const folder = join(scratch, "task");
      await unpackTo(folder);
      return tryArtifact(folder, model);
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What an older build has put there, and this one replaces. */
async function ownFiles(out: string): Promise<string[]> {
  const found = await readdir(out).catch(() => []);
  return found.filter((name) => ZIP_NAME.test(name) || name === DOCKERFILE || name === FUNCTION_FOLDER);
}

/** Stale files of an older artifact go, so a folder that holds anything else is somebody's own. */
async function refuseOthersFolder(out: string): Promise<void> {
  const own = await ownFiles(out);
  const other = (await readdir(out).catch(() => [])).find((name) => !own.includes(name));
  if (other === undefined) return;
  throw new Error(`${out} holds ${other}, which no build has put there: name an empty or a new folder with --out.`);
}

function digestOf(digests: ReadonlyMap<string, string>): string {
  const lines = [...digests].map(([name, digest]) => `${digest}  ${name}\n`).sort();
  return sha256(Buffer.from(lines.join("")));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
