/**
 * Opens a model package: verifies the signature with the pinned key, and compares signature, manifest and the files that are
 * there. Both sides and the tools open packages with this code. Pure: bytes come through `PackageSource`.
 *
 * The other files' bytes are checked as they are read (`checkFile`). Nothing is parsed before its digest was found in the
 * signature.
 */
import { sha256Hex } from "../sha256.ts";
import { isAtOrUnder } from "../signature/resource-name.ts";
import { SignatureError } from "../signature/signature-error.ts";
import type { ModelStatement } from "../signature/statement.ts";
import { verifyBundle } from "../signature/verify-bundle.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, modelIdOf } from "./names.ts";
import { checkFile, type FoundFile, type PackageFault } from "./package-fault.ts";

/** Where a signed package is read from: a bucket, or a folder. */
export interface PackageSource {
  /**
   * The files that are there, the bundle left out. `unsigned` are paths that the signature does not cover: a folder leaves out
   * what is at or under them.
   */
  list(unsigned: readonly string[]): Promise<readonly FoundFile[]>;
  /** The bytes of the manifest or the bundle; null if it is missing. */
  readSmall(name: string): Promise<Uint8Array | null>;
  /** Called between verifying the signature and parsing the manifest: the thread may be given to others. */
  pause?(): Promise<unknown>;
}

/** Where a package that is not signed yet is read from. */
export interface UnsignedSource extends Pick<PackageSource, "readSmall"> {
  /** Size and digest of a file; null if it is missing. */
  find(name: string): Promise<FoundFile | null>;
}

/** Which package is trusted. */
export interface PackageTrust {
  /** The pinned key or keys, SPKI PEM. Empty: none is pinned, and no package is trusted. */
  publicKeyPem: string;
  /** The wanted package; null accepts any package that the key signed. */
  modelId: string | null;
  /** Packages of a lower version are rejected. */
  minVersion: number;
  /** Files that must be there. Each side keeps only what it runs: the other side's model may be missing. */
  needed(manifest: Manifest): readonly string[];
}

export interface OpenedPackage {
  /** `<name>@<SHA-256 of the manifest's bytes>` */
  modelId: string;
  manifest: Manifest;
}

export type PackageResult = { ok: true; opened: OpenedPackage } | { ok: false; fault: PackageFault };

/** @throws the source's own error if it cannot be read */
export async function openSignedPackage(source: PackageSource, trust: PackageTrust): Promise<PackageResult> {
  if (trust.publicKeyPem === "") return failed({ kind: "no-key" });
  const [bundle, bytes] = await Promise.all([source.readSmall(BUNDLE_FILE), source.readSmall(MANIFEST_FILE)]);
  if (bundle === null) return failed({ kind: "missing", file: BUNDLE_FILE });
  if (bytes === null) return failed({ kind: "missing", file: MANIFEST_FILE });
  const signed = await verified(bundle, trust.publicKeyPem);
  if ("fault" in signed) return signed;
  await source.pause?.();

  const digests = new Map(signed.resources.map(({ name, sha256 }) => [name, sha256]));
  const sha256 = sha256Hex(bytes);
  const listed = digests.get(MANIFEST_FILE) ?? null;
  if (sha256 !== listed) return failed({ kind: "digest", file: MANIFEST_FILE, sha256, listed });
  if (trust.modelId !== null && !trust.modelId.endsWith(`@${sha256}`)) return failed({ kind: "other-model" });

  const parsed = parseManifest(bytes);
  if (!parsed.ok) return failed({ kind: "manifest-unreadable", problem: parsed.problem });
  const { manifest } = parsed;
  const modelId = modelIdOf(manifest.name, sha256);
  // A copy under another name: records and answers would show a name that was never signed.
  if (trust.modelId !== null && trust.modelId !== modelId) return failed({ kind: "other-name", name: manifest.name });
  const found = await source.list(unsignedPaths(signed));
  const fault = unsignedFile(found, digests, manifest) ?? fileFault(found, manifest, trust.needed(manifest));
  if (fault !== null) return failed(fault);
  const { version } = manifest;
  if (version < trust.minVersion) return failed({ kind: "old-version", version, minVersion: trust.minVersion });
  return { ok: true, opened: { modelId, manifest } };
}

/**
 * Opens a package that is not signed yet: its manifest, and all files that the manifest lists. Only for the tools that pack,
 * evaluate and sign; what serves callers opens signed packages only.
 * @throws the source's own error if it cannot be read
 */
export async function openUnsignedPackage(source: UnsignedSource): Promise<PackageResult> {
  const bytes = await source.readSmall(MANIFEST_FILE);
  if (bytes === null) return failed({ kind: "missing", file: MANIFEST_FILE });
  const parsed = parseManifest(bytes);
  if (!parsed.ok) return failed({ kind: "manifest-unreadable", problem: parsed.problem });
  const { manifest } = parsed;
  for (const { name } of manifest.files) {
    const file = await source.find(name);
    const fault = file === null ? ({ kind: "missing", file: name } as const) : checkFile(manifest, file);
    if (fault !== null) return failed(fault);
  }
  return { ok: true, opened: { modelId: modelIdOf(manifest.name, sha256Hex(bytes)), manifest } };
}

/** Paths that a signature leaves out by default, at the top of the folder only (OpenSSF Model Signing v1.0 §6.2). */
export const UNSIGNED_PATHS: readonly string[] = [BUNDLE_FILE, ".git", ".gitattributes", ".github", ".gitignore"];

/** The paths that a signature does not cover. A file that it lists is covered, whatever its paths to ignore are. */
export function unsignedPaths({ ignorePaths, resources }: ModelStatement): string[] {
  return [...UNSIGNED_PATHS, ...ignorePaths].filter((path) => !resources.some(({ name }) => isAtOrUnder(path, name)));
}

async function verified(bundle: Uint8Array, publicKeyPem: string) {
  try {
    return await verifyBundle(new TextDecoder().decode(bundle), publicKeyPem);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return failed({ kind: "signature", reason: error.reason, message: error.message });
  }
}

function unsignedFile(
  found: readonly FoundFile[],
  digests: ReadonlyMap<string, string>,
  { files }: Manifest,
): PackageFault | null {
  const stray = [...found, ...files].find(({ name }) => !digests.has(name));
  if (stray !== undefined) return { kind: "not-signed", file: stray.name };
  const other = files.find(({ name, sha256 }) => digests.get(name) !== sha256);
  return other === undefined ? null : { kind: "signed-otherwise", file: other.name };
}

/** The first needed file that is missing, else the first file that is not the one that the manifest lists. */
function fileFault(found: readonly FoundFile[], manifest: Manifest, needed: readonly string[]): PackageFault | null {
  const byName = new Map(found.map((file) => [file.name, file]));
  const missing = needed.find((name) => !byName.has(name));
  if (missing !== undefined) return { kind: "missing", file: missing };
  for (const { name } of manifest.files) {
    const file = byName.get(name);
    const fault = file === undefined ? null : checkFile(manifest, file);
    if (fault !== null) return fault;
  }
  return null;
}

function failed(fault: PackageFault): { ok: false; fault: PackageFault } {
  return { ok: false, fault };
}
