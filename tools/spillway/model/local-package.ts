/** A model package in a folder of this machine. Its files are compared with its manifest; its signature is not looked at. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest, ManifestFile } from "../../../formats/model-package/manifest.ts";
import { MANIFEST_FILE } from "../../../formats/model-package/names.ts";
import { openUnsignedPackage } from "../../../formats/model-package/open-package.ts";
import { describeFault, type PackageFault } from "../../../formats/model-package/package-fault.ts";
import { isLfsPointer, lfsPointerProblem } from "../../process/read-text.ts";
import { hashFile } from "./hash-file.ts";

export interface LocalPackage {
  folder: string;
  /** `<name>@<SHA-256 of the manifest>` */
  modelId: string;
  manifest: Manifest;
}

/** A local package and its signature. */
export interface SignedPackage extends LocalPackage {
  /** The text of `model.sig`. */
  bundle: string;
}

/** True for the user's own packages and for those of the checkout. */
const NEXT_STEP =
  "pack the model again with spillway model pack, or restore the folder with git if it is part of the checkout.";

/**
 * @param hashed files that are hashed already; the others are hashed now
 * @throws Error with one sentence if a file is missing or is not the one that the manifest lists
 */
export async function openLocalPackage(folder: string, hashed: readonly ManifestFile[] = []): Promise<LocalPackage> {
  const result = await openUnsignedPackage({
    readSmall: (name) => ifPresent(readFile(join(folder, name))),
    find: async (name) => hashed.find((file) => file.name === name) ?? (await ifPresent(hashFile(folder, name))),
  });
  if (result.ok) return { folder, ...result.opened };
  await explain(folder, result.fault);
  throw new Error(`${join(folder, problemOf(result.fault))}: ${NEXT_STEP}`);
}

/** @throws Error with one sentence if git changed the file: a pointer in its place, or other line ends */
async function explain(folder: string, fault: PackageFault): Promise<void> {
  const file = fault.kind === "manifest-unreadable" ? MANIFEST_FILE : "file" in fault ? fault.file : null;
  const bytes = file === null ? null : await ifPresent(readFile(join(folder, file)));
  if (file === null || bytes === null) return;
  const path = join(folder, file);
  if (isLfsPointer(bytes)) throw new Error(lfsPointerProblem(path));
  if (fault.kind !== "size" || bytes.length > MAX_TEXT_BYTES) return;
  const text = bytes.toString("latin1").replaceAll("\r\n", "\n");
  if (text.length === fault.listedBytes) {
    throw new Error(
      `${path} has CRLF line ends, which git writes with core.autocrlf, and was packed with LF: add "* -text" to .gitattributes and check it out again.`,
    );
  }
}

/** Texts of a package are smaller. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** @throws Error with one sentence if the file is missing */
export async function readPackageFile(folder: string, name: string): Promise<Uint8Array> {
  const bytes = await ifPresent(readFile(join(folder, name)));
  if (bytes === null) throw new Error(`${join(folder, name)} is missing: ${NEXT_STEP}`);
  return bytes;
}

/** Starts with the file's name. */
function problemOf(fault: PackageFault): string {
  switch (fault.kind) {
    case "size":
      return changed(fault.file, `${fault.sizeBytes} bytes`, `${fault.listedBytes}`);
    case "digest":
      return changed(fault.file, `SHA-256 ${short(fault.sha256)}`, short(fault.listed ?? ""));
    case "manifest-unreadable":
      return `${MANIFEST_FILE} is not a model manifest (${fault.problem})`;
    default:
      return describeFault(fault);
  }
}

function changed(file: string, found: string, listed: string): string {
  return `${file} is not the file that was packed (${found}, but the manifest lists ${listed})`;
}

async function ifPresent<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}
