import { describe, expect, it } from "vitest";
import { kindFor, LIMITS, megabytes } from "../../../../tools/build-lambda/limits.ts";

const { unzippedBytes, imageBytes } = LIMITS;

describe("the kind of artifact", () => {
  it.each([
    { wanted: "auto", bytes: unzippedBytes, kind: "zip" },
    { wanted: "auto", bytes: unzippedBytes + 1, kind: "image" },
    { wanted: "zip", bytes: unzippedBytes, kind: "zip" },
    { wanted: "image", bytes: 1, kind: "image" },
    { wanted: "image", bytes: imageBytes, kind: "image" },
  ] as const)("is $kind for $wanted and $bytes bytes", ({ wanted, bytes, kind }) => {
    expect(kindFor(wanted, bytes)).toBe(kind);
  });

  it("is never a zip over 250 MB, and the error has the numbers and the next step", () => {
    expect(() => kindFor("zip", unzippedBytes + 300_000)).toThrow(
      "unpacks to 250.3 MB, and Lambda's limit for a zip is 250.0 MB unpacked, with S3 too: build a container image",
    );
  });

  it.each(["auto", "zip", "image"] as const)("is none over 10 GB (%s)", (wanted) => {
    expect(() => kindFor(wanted, imageBytes + 1)).toThrow(
      "limit for a container image is 10,240.0 MB: use a smaller model",
    );
  });

  it("is reported in AWS's megabytes: Lambda's own message has 262144000 bytes for 250 MB", () => {
    expect(megabytes(262_144_000)).toBe("250.0 MB");
    expect(unzippedBytes).toBe(262_144_000);
  });
});
