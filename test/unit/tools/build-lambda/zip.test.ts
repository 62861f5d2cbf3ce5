import { afterEach, describe, expect, it, vi } from "vitest";
import { unzip, zip } from "../../../../tools/build-lambda/put-artifact.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const contents = new Map([
  ["handler.mjs", bytes("export const handler = 1;\n".repeat(100))],
  ["model/größe.json", bytes("{}")],
  ["a/empty", bytes("")],
]);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("a zip", () => {
  it("contains the given files", () => {
    expect([...unzip(zip(contents))].sort()).toEqual([...contents].sort());
  });

  it("has the same bytes for the same files in any order, year and time zone", () => {
    const made = Buffer.from(zip(contents)).toString("base64");
    vi.useFakeTimers({ now: Date.UTC(2031, 5, 1) });
    for (const zone of ["UTC", "Pacific/Auckland", "America/New_York"]) {
      vi.stubEnv("TZ", zone);
      expect(Buffer.from(zip(new Map([...contents].reverse()))).toString("base64")).toBe(made);
    }
  });

  it("makes every file readable for every user: Lambda unpacks as one user and runs as another", () => {
    const view = Buffer.from(zip(new Map([["a", bytes("x")]])));
    const entry = view.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    expect(view.readUInt8(entry + 5)).toBe(3);
    expect((view.readUInt32LE(entry + 38) >>> 16).toString(8)).toBe("100644");
  });
});
