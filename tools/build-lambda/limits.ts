/**
 * What Lambda takes, and which artifact a function of so many bytes can be. Pure.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */

const MIB = 2 ** 20;

export const LIMITS = {
  /** "Request must be smaller" past it: `update-function-code --zip-file`. By way of S3 the zip has no limit of its own. */
  directUploadBytes: 50 * MIB,
  /** "Unzipped size must be smaller than 262144000 bytes", however it was uploaded. */
  unzippedBytes: 250 * MIB,
  /** Of the layers together, uncompressed. */
  imageBytes: 10 * 1024 * MIB,
} as const;

export type ArtifactKind = "zip" | "image";

/** `auto` takes the zip where it fits, since it needs no Docker and no registry. @throws Error with one sentence */
export function kindFor(wanted: ArtifactKind | "auto", unzippedBytes: number): ArtifactKind {
  if (unzippedBytes > LIMITS.imageBytes) {
    throw new Error(
      `The function unpacks to ${megabytes(unzippedBytes)}, and a container image of Lambda may have ${megabytes(LIMITS.imageBytes)}: take a smaller model.`,
    );
  }
  if (wanted === "zip" && unzippedBytes > LIMITS.unzippedBytes) {
    throw new Error(
      `The function unpacks to ${megabytes(unzippedBytes)}, and Lambda takes a zip of up to ${megabytes(LIMITS.unzippedBytes)} unpacked, also by way of S3: build a container image instead (up to ${megabytes(LIMITS.imageBytes)}), without --zip or with --image.`,
    );
  }
  if (wanted === "auto") return unzippedBytes > LIMITS.unzippedBytes ? "image" : "zip";
  return wanted;
}

/** In AWS's "MB", which are MiB. */
export function megabytes(bytes: number): string {
  return `${(bytes / MIB).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;
}
