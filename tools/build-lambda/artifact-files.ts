/** The files of the function, and where each comes from. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgeFileNames, originFileNames } from "../../formats/model-package/manifest.ts";
import { BUNDLE_FILE } from "../../formats/model-package/names.ts";
import type { SignedModel } from "./signed-model.ts";

export type Architecture = "x64" | "arm64";

export interface ArtifactFile {
  /** Path below the function's root (`/var/task`), with "/". */
  name: string;
  source: string;
  sizeBytes: number;
}

/** The package's folder below the function's root; SPILLWAY_MODEL_DIR is its path. */
export const MODEL_FOLDER = "model";
export const HANDLER_FILE = "handler.mjs";

const modules = fileURLToPath(new URL("../../node_modules/", import.meta.url));
const isCode = (name: string) => /(\.c?js|(^|\/)package\.json)$/.test(name);

/**
 * ONNX Runtime for one platform: its JavaScript, the binding, and the library that the binding is linked to. The npm package
 * contains five platforms, and the CUDA and TensorRT providers if its post-install script has fetched them.
 * @throws Error with one sentence if the npm package is incomplete
 */
export async function runtimeFiles(arch: Architecture): Promise<ArtifactFile[]> {
  const binaries = join("onnxruntime-node/bin/napi-v6/linux", arch);
  const found = await Promise.all([
    filesBelow("onnxruntime-node", (name) => name === "package.json" || (name.startsWith("dist/") && isCode(name))),
    filesBelow(
      "onnxruntime-common",
      (name) => name === "package.json" || (name.startsWith("dist/cjs/") && isCode(name)),
    ),
    filesBelow(binaries, (name) => /^(onnxruntime_binding\.node|libonnxruntime\.so\.\d+)$/.test(name)),
  ]);
  if (found[2]?.length !== 2) {
    throw new Error(
      `node_modules/${binaries} does not contain ONNX Runtime's binding and library (found: ${found[2]?.map(({ name }) => name).join(", ") || "nothing"}); run npm ci again.`,
    );
  }
  return found.flat();
}

/** The package as it was signed, without the files that only the edge runs: the origin accepts a package without it. */
export function modelFiles({ folder, files, manifest, signatureFile, signatureBytes }: SignedModel): ArtifactFile[] {
  const needed: readonly string[] = originFileNames(manifest);
  const isEdgeOnly = (name: string) => edgeFileNames(manifest).includes(name) && !needed.includes(name);
  return [
    ...files
      .filter(({ name }) => !isEdgeOnly(name))
      .map(({ name, sizeBytes }) => ({ name: `${MODEL_FOLDER}/${name}`, source: join(folder, name), sizeBytes })),
    { name: `${MODEL_FOLDER}/${BUNDLE_FILE}`, source: signatureFile, sizeBytes: signatureBytes },
  ];
}

async function filesBelow(module: string, isWanted: (name: string) => boolean): Promise<ArtifactFile[]> {
  const folder = join(modules, module);
  const names = (await readdir(folder, { recursive: true }).catch(() => []))
    .map((name) => name.replaceAll("\\", "/"))
    .filter(isWanted)
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const source = join(folder, name);
      return { name: `node_modules/${module}/${name}`, source, sizeBytes: (await stat(source)).size };
    }),
  );
}
