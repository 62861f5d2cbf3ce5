/** How deep a JSON text nests, without building it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nestsDeeper } from "../../../../gateway/receive/json-depth.ts";

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("nestsDeeper", () => {
  it.each([
    [nested(16), false],
    [nested(17), true],
    ["[".repeat(17), true],
    [`${'{"a":'.repeat(17)}1${"}".repeat(17)}`, true],
    [`{"inputs": ${JSON.stringify("[".repeat(100))}}`, false],
    [`{"inputs": ${JSON.stringify(`\\"${"[".repeat(100)}`)}}`, false],
    [`["\\\\",${nested(16)}]`, true],
    [`[${"[],".repeat(1000)}[]]`, false],
    [`"${"[".repeat(100)}`, false],
    ["", false],
    ['"\\', false],
  ])("%s", (text, expected) => {
    expect(nestsDeeper(text, 16)).toBe(expected);
  });

  it("agrees with what JSON.parse builds", () => {
    const depth = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.nat(8), (text, most) => {
        expect(nestsDeeper(text, most)).toBe(depth(JSON.parse(text)) > most);
      }),
    );
  });
});
