/**
 * Pure. Lambda's size limits, and which kind of artifact fits them.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */

const MIB = 2 ** 20;

export const LIMITS = {
  /** Limit of `update-function-code --zip-file`. A zip in S3 has no limit on its own size. */
  directUploadBytes: 50 * MIB,
  /** "Unzipped size must be smaller than 262144000 bytes", for uploads by S3 too. */
  unzippedBytes: 250 * MIB,
  /** All layers together, uncompressed. */
  imageBytes: 10 * 1024 * MIB,
} as const;

export type ArtifactKind = "zip" | "image";

/** `auto` chooses the zip if it fits: it needs no Docker and no registry. @throws Error with one sentence */
export function kindFor(wanted: ArtifactKind | "auto", unzippedBytes: number): ArtifactKind {
  if (unzippedBytes > LIMITS.imageBytes) {
    throw new Error(
      `The function unpacks to ${megabytes(unzippedBytes)}, and Lambda's limit for a container image is ${megabytes(LIMITS.imageBytes)}: use a smaller model.`,
    );
  }
  if (wanted === "zip" && unzippedBytes > LIMITS.unzippedBytes) {
    throw new Error(
      `The function unpacks to ${megabytes(unzippedBytes)}, and Lambda's limit for a zip is ${megabytes(LIMITS.unzippedBytes)} unpacked, with S3 too: build a container image instead (up to ${megabytes(LIMITS.imageBytes)}), without --zip or with --image.`,
    );
  }
  if (wanted === "auto") return unzippedBytes > LIMITS.unzippedBytes ? "image" : "zip";
  return wanted;
}

/** In the unit that AWS calls MB: 2^20 bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / MIB).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;
}
