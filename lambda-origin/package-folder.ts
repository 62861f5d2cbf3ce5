/** A model package in a folder: its source for the package opener, and its files, verified as they are read. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Manifest } from "../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE } from "../formats/model-package/names.ts";
import type { PackageSource } from "../formats/model-package/open-package.ts";
import { checkFile, describeFault, type PackageFault } from "../formats/model-package/package-fault.ts";
import { sha256Hex } from "../formats/sha256.ts";
import { compareByCodePoints, isAtOrUnder } from "../formats/signature/resource-name.ts";

/** @param bundlePath where the signature is, if it is not `model.sig` in the folder */
export function folderSource(folder: string, bundlePath: string = join(folder, BUNDLE_FILE)): PackageSource {
  return {
    list: async (unsigned) =>
      (await listFiles(folder, unsigned)).map((name) => ({ name, sizeBytes: null, sha256: null })),
    readSmall: (name) =>
      name === BUNDLE_FILE
        ? readOrExplain(bundlePath, "sign the package with spillway model sign")
        : readOrExplain(join(folder, name), "deploy the complete package"),
  };
}

/**
 * The paths of all files in the folder and below, relative to it and sorted, without what is at or under an ignored path.
 * @throws Error with one sentence for a symbolic link, or for anything else that is neither a file nor a folder
 */
export async function listFiles(folder: string, ignorePaths: readonly string[], below = ""): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (ignorePaths.some((ignored) => isAtOrUnder(ignored, name))) continue;
    const path = join(folder, name);
    // Node puts U+FFFD where a name is not UTF-8. A signature cannot list such a name.
    if (name.includes("\uFFFD")) throw new Error(`The name of ${path} is not UTF-8; rename it.`);
    if (entry.isSymbolicLink()) {
      throw new Error(`${path} is a symbolic link; replace it with the file, since a link's target can be changed.`);
    }
    if (entry.isDirectory()) names.push(...(await listFiles(folder, ignorePaths, name)));
    else if (entry.isFile()) names.push(name);
    else throw new Error(`${path} is neither a file nor a folder; remove it.`);
  }
  return names.sort(compareByCodePoints);
}

/** One file of an opened package, checked against its manifest. @throws Error that names the file and what is wrong with it */
export async function readVerified(folder: string, manifest: Manifest, name: string): Promise<Uint8Array> {
  const unread = checkFile(manifest, { name, sizeBytes: null, sha256: null });
  if (unread !== null) throw new Error(faultSentence(unread));
  const bytes = await readFile(join(folder, name));
  const fault = checkFile(manifest, { name, sizeBytes: bytes.length, sha256: sha256Hex(bytes) });
  if (fault !== null) throw new Error(faultSentence(fault));
  return bytes;
}

/** The fault with what was found and the next step, for the function's operator. */
export function faultSentence(fault: PackageFault): string {
  switch (fault.kind) {
    case "no-key":
      return "MODEL_PUBLIC_KEY is not set; set it to the public key in PEM that the package was signed with";
    case "signature":
      return `signature: ${fault.reason}: ${fault.message}`;
    case "size":
      return `${fault.file} has ${fault.sizeBytes} bytes; ${MANIFEST_FILE} lists ${fault.listedBytes}`;
    case "digest": {
      const list = fault.file === MANIFEST_FILE ? "the signature" : MANIFEST_FILE;
      return `${fault.file} has SHA-256 ${fault.sha256}; ${list} lists ${fault.listed ?? "none"}`;
    }
    case "unlisted":
      return `${fault.file} is used but not listed under "files" in ${MANIFEST_FILE}`;
    case "manifest-unreadable":
      return `${MANIFEST_FILE} is not a package manifest: ${fault.problem}`;
    case "missing":
    case "not-signed":
    case "signed-otherwise":
      return `${describeFault(fault)}: deploy the package as it was signed, or sign it again`;
    case "other-model":
    case "other-name":
    case "old-version":
      return describeFault(fault);
  }
}

async function readOrExplain(path: string, nextStep: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`${basename(path)} cannot be read (${detail}): ${nextStep}`);
  }
}
