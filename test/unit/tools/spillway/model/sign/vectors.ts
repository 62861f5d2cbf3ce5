/** The vectors in test/vectors/model-signing; its README lists their sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SignatureReason } from "../../../../../../formats/signature/signature-error.ts";

export const VECTORS = join(import.meta.dirname, "../../../../../vectors/model-signing");

export function readVector(path: string): string {
  return readFileSync(join(VECTORS, path), "utf8");
}

/** A bundle of the reference implementation's key; `bundle` is JSON. */
export interface BundleCase {
  curve: "p256" | "p384";
  case: string;
  bundle: object;
}

export interface RefusedCase extends BundleCase {
  reason: SignatureReason;
}

export const acceptedCases: BundleCase[] = JSON.parse(readVector("made/accepted.json"));
export const refusedCases: RefusedCase[] = JSON.parse(readVector("made/refused.json"));
