/** From a signed package to what Lambda runs: a zip, or the folder and Dockerfile of a container image, tried before it is put out. */
import { rmSync } from "node:fs";
import { mkdtemp, readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { withStaging } from "../spillway/model/pack/staging.ts";
import type { Progress } from "../spillway/terminal/progress.ts";
import { type Architecture, type ArtifactFile, HANDLER_FILE, modelFiles, runtimeFiles } from "./artifact-files.ts";
import { type ArtifactKind, kindFor } from "./limits.ts";
import { isOfABuild, type Made, putImage, putZip } from "./put-artifact.ts";
import { type KeyOptions, openSignedModel, type SignedModel } from "./signed-model.ts";
import { type ArtifactTrial, otherPlatform, tryArtifact } from "./try-artifact.ts";

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
  tried: ArtifactTrial | null;
}

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
    const tried = await tryUnpacked(made, model, options, staging.signal, progress);
    const { modelId, keyFingerprint } = model;
    const { digest, zipBytes, name } = made;
    const path = join(out, name);
    return { kind, arch, modelId, keyFingerprint, digest, unzippedBytes, zipBytes, path, files, tried };
  });
}

async function tryUnpacked(
  { unpackTo }: Made,
  model: SignedModel,
  { arch }: BuildOptions,
  interruption: AbortSignal,
  progress: Progress,
): Promise<ArtifactTrial | null> {
  const other = otherPlatform(arch);
  if (other !== undefined) {
    progress.note(`not tried here: ${other}`);
    return null;
  }
  // Not beside the artifact: that is below this checkout, where every module can be found.
  const scratch = await mkdtemp(join(tmpdir(), "spillway-artifact-"));
  const clean = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  interruption.addEventListener("abort", clean);
  try {
    return await progress.step("answer an event in a clean process", 1, async () => {
      const folder = join(scratch, "task");
      await unpackTo(folder);
      return tryArtifact(folder, model);
    });
  } finally {
    clean();
  }
}

/** What an older build has put there, and this one replaces. */
async function ownFiles(out: string): Promise<string[]> {
  return (await readdir(out).catch(() => [])).filter(isOfABuild);
}

/** Stale files of an older artifact go, so a folder that holds anything else is somebody's own. */
async function refuseOthersFolder(out: string): Promise<void> {
  const other = (await readdir(out).catch(() => [])).find((name) => !isOfABuild(name));
  if (other === undefined) return;
  throw new Error(`${out} holds ${other}, which no build has put there: name an empty or a new folder with --out.`);
}

/** The handler and all that it imports, ONNX Runtime aside, as one file: an import of hundreds of files is slow in a cold start. */

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function bundleHandler(outfile: string): Promise<void> {
  await build({
    // Paths in the output are relative to it: the same bytes from every checkout.
    absWorkingDir: root,
    entryPoints: ["lambda-origin/handler.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // Native: it finds its library beside itself.
    external: ["onnxruntime-node"],
    // Names and lines stay, for the stack trace of a crash; comments go.
    minifySyntax: true,
    legalComments: "none",
    charset: "utf8",
    logLevel: "silent",
  });
}
