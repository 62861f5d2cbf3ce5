import { describe, expect, it } from "vitest";
import { kindFor, LIMITS, megabytes } from "../../../../tools/build-lambda/limits.ts";

const { unzippedBytes, imageBytes } = LIMITS;

describe("a function of so many bytes", () => {
  it.each([
    { wanted: "auto", bytes: unzippedBytes, kind: "zip" },
    { wanted: "auto", bytes: unzippedBytes + 1, kind: "image" },
    { wanted: "zip", bytes: unzippedBytes, kind: "zip" },
    { wanted: "image", bytes: 1, kind: "image" },
    { wanted: "image", bytes: imageBytes, kind: "image" },
  ] as const)("is a $kind where $wanted is wanted and it has $bytes bytes", ({ wanted, bytes, kind }) => {
    expect(kindFor(wanted, bytes)).toBe(kind);
  });

  it("is refused as a zip over 250 MB, with the numbers and the way out", () => {
    expect(() => kindFor("zip", unzippedBytes + 300_000)).toThrow(
      "unpacks to 250.3 MB, and Lambda takes a zip of up to 250.0 MB unpacked, also by way of S3: build a container image",
    );
  });

  it.each(["auto", "zip", "image"] as const)("is refused as anything over 10 GB (%s)", (wanted) => {
    expect(() => kindFor(wanted, imageBytes + 1)).toThrow("may have 10,240.0 MB: take a smaller model");
  });

  it("is told in AWS's megabytes, of which Lambda's own message has 262144000 bytes to 250", () => {
    expect(megabytes(262_144_000)).toBe("250.0 MB");
    expect(unzippedBytes).toBe(262_144_000);
  });
});
