/** Builds the function from a signed package: a zip, or the folder and Dockerfile of a container image. Each build is tried before it is kept. */
import { rmSync } from "node:fs";
import { mkdtemp, readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { withStaging } from "../spillway/model/pack/staging.ts";
import type { Progress } from "../spillway/terminal/progress.ts";
import { type Architecture, type ArtifactFile, HANDLER_FILE, modelFiles, runtimeFiles } from "./artifact-files.ts";
import { type ArtifactKind, kindFor } from "./limits.ts";
import { isOfABuild, putImage, putZip, type WrittenArtifact } from "./put-artifact.ts";
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
  /** SHA-256 over every file's name and content. The same files have the same digest on every machine. */
  digest: string;
  unzippedBytes: number;
  /** Size of the zip; null for an image. */
  zipBytes: number | null;
  /** The zip to upload, or the folder to build the image in. */
  path: string;
  files: readonly ArtifactFile[];
  /** Null if the artifact is for another platform than this machine's. */
  tried: ArtifactTrial | null;
}

/** @throws Error with one sentence that includes the next step; `out` is then unchanged */
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
    const tried = await tryUnpacked(made, model, arch, { signal: staging.signal, progress });
    const { modelId, keyFingerprint } = model;
    const { digest, zipBytes, name } = made;
    const path = join(out, name);
    return { kind, arch, modelId, keyFingerprint, digest, unzippedBytes, zipBytes, path, files, tried };
  });
}

async function tryUnpacked(
  { unpackTo }: WrittenArtifact,
  model: SignedModel,
  arch: Architecture,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<ArtifactTrial | null> {
  const other = otherPlatform(arch);
  if (other !== null) {
    progress.note(`not tried on this machine: ${other}`);
    return null;
  }
  // Not beside the artifact: below this checkout, Node would find every module.
  const scratch = await mkdtemp(join(tmpdir(), "spillway-artifact-"));
  const clean = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  signal.addEventListener("abort", clean);
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

/** Files of an older build, which this one replaces. */
async function ownFiles(out: string): Promise<string[]> {
  return (await readdir(out).catch(() => [])).filter(isOfABuild);
}

/** The build removes an older artifact's files, so the folder must not contain anything else. */
async function refuseOthersFolder(out: string): Promise<void> {
  const other = (await readdir(out).catch(() => [])).find((name) => !isOfABuild(name));
  if (other === undefined) return;
  throw new Error(`${out} contains ${other}, which is not from a build: pass an empty or a new folder with --out.`);
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Bundles the handler and its imports into one file, without ONNX Runtime: importing hundreds of files makes a cold start slow.
 * @param outfile path of the bundle
 * @returns which files are in it
 */
export async function bundleHandler(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    metafile: true,
    // Paths in the output are relative to this folder: the same bytes from every checkout.
    absWorkingDir: root,
    entryPoints: ["lambda-origin/handler.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // Native: it loads its library from its own folder.
    external: ["onnxruntime-node"],
    // Keep names and lines for stack traces; drop comments.
    minifySyntax: true,
    legalComments: "none",
    charset: "utf8",
    logLevel: "silent",
  });
  return metafile;
}
