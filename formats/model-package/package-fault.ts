/** Why a model package is not trusted. The set is closed: each program puts every fault into words for its own readers. */
import type { SignatureReason } from "../signature/signature-error.ts";
import type { Manifest } from "./manifest.ts";

export type PackageFault =
  /** No public key is pinned, so nothing can be verified. */
  | { kind: "no-key" }
  /** `manifest.json`, `model.sig` or another file that is needed is not there. */
  | { kind: "missing"; file: string }
  /** `model.sig` does not verify with the pinned key. `message` is a sentence for people. */
  | { kind: "signature"; reason: SignatureReason; message: string }
  /** The signature does not list a file that is there, or that the manifest lists. */
  | { kind: "not-signed"; file: string }
  /** The signature and the manifest list different digests. */
  | { kind: "signed-otherwise"; file: string }
  /** The file's bytes have another size than the manifest lists. */
  | { kind: "size"; file: string; sizeBytes: number; listedBytes: number }
  /** The file's bytes have another SHA-256 than listed; `listed` is null if the signature does not list the manifest. */
  | { kind: "digest"; file: string; sha256: string; listed: string | null }
  /** A file is used that the manifest does not list. */
  | { kind: "unlisted"; file: string }
  /** The manifest is signed, but it is not the one of the wanted model id. */
  | { kind: "other-model" }
  /** The manifest is the wanted one by its digest, but has another name than the model id: a copy. */
  | { kind: "other-name"; name: string }
  /** The manifest is signed, but not a manifest of this version of the format. `problem` is part of a sentence. */
  | { kind: "manifest-unreadable"; problem: string }
  /** The package's version is below the policy's `minVersion`. */
  | { kind: "old-version"; version: number; minVersion: number };

/** The fault in a few words that name the file: for `/readyz`, traces and log records. */
export function describeFault(fault: PackageFault): string {
  switch (fault.kind) {
    case "no-key":
      return "no public key is pinned";
    case "missing":
      return `${fault.file} is missing`;
    case "signature":
      return `signature: ${fault.reason}`;
    case "not-signed":
      return `${fault.file} is not in the signature`;
    case "signed-otherwise":
      return `${fault.file} is signed with another digest`;
    case "size":
      return `size of ${fault.file}`;
    case "digest":
      return `sha256 of ${fault.file}`;
    case "unlisted":
      return `${fault.file} is not in the manifest`;
    case "other-model":
      return "manifest-digest";
    case "other-name":
      return `the package is named ${fault.name}`;
    case "manifest-unreadable":
      return "manifest-unreadable";
    case "old-version":
      return `version ${fault.version} is below minVersion ${fault.minVersion}`;
  }
}

/** What is known of a file without trusting it. Null: not known without reading it. */
export interface FoundFile {
  name: string;
  sizeBytes: number | null;
  /** 64 hex digits. */
  sha256: string | null;
}

/** Compares what is known of a file with what the manifest lists. Null: no difference was found. */
export function checkFile({ files }: Manifest, { name, sizeBytes, sha256 }: FoundFile): PackageFault | null {
  const listed = files.find((file) => file.name === name);
  if (listed === undefined) return { kind: "unlisted", file: name };
  if (sizeBytes !== null && sizeBytes !== listed.sizeBytes) {
    return { kind: "size", file: name, sizeBytes, listedBytes: listed.sizeBytes };
  }
  if (sha256 !== null && sha256 !== listed.sha256) return { kind: "digest", file: name, sha256, listed: listed.sha256 };
  return null;
}
