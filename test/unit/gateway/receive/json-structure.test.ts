/** How deep a JSON text nests, and how many values it has, without building it. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { exceededLimit } from "../../../../gateway/receive/json-structure.ts";
import { receive } from "../../../../gateway/receive/receive.ts";
import { defaultPolicy } from "../../../../policies/parse.ts";

const nestsDeeper = (text: string, depth: number) =>
  exceededLimit(text, { depth, values: Number.POSITIVE_INFINITY }) === "depth";
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("the depth of a text", () => {
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

describe("the values of a text", () => {
  const hasMore = (text: string, values: number) => exceededLimit(text, { depth: 100, values }) === "values";

  it.each([
    ["[1,2,3]", 3],
    ['{"a":1,"b":[]}', 3],
    ["[[],[],[]]", 6],
    ["[{},{}]", 4],
    ['["a,b,c","[{,"]', 2],
    ['"a,b"', 0],
  ])("%s has %i", (text, count) => {
    expect([hasMore(text, count - 1), hasMore(text, count)]).toEqual([count > 0, false]);
  });

  it("are never fewer than the items and keys that JSON.parse builds", () => {
    const built = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? Object.values(value).reduce<number>((sum, item) => sum + built(item), Math.max(1, Object.keys(value).length))
        : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const count = built(JSON.parse(text));
        expect(hasMore(text, count - 1)).toBe(count > 0);
      }),
    );
  });
});

describe("a body of many values is refused before anything is built of it", () => {
  const slot = { reserveBytes: () => true, renew: () => {}, release: () => {} };
  const clock = { nowMs: () => 0, wait: () => new Promise<never>(() => {}) };

  it.each([
    ["half a million numbers", `{"inputs":[${"1,".repeat(523_999)}1]}`],
    ["empty objects", `{"inputs":[${"{},".repeat(349_000)}{}]}`],
    ["empty lists in other keys", `{"inputs":"a","extra":[${"[],".repeat(300_000)}[]]}`],
    ["unknown parameters", `{"inputs":"a","parameters":{${'"k":1,'.repeat(100_000)}"k":1}}`],
    ["a thousand texts", JSON.stringify({ inputs: Array(1000).fill("a") })],
  ])("%s", async (_, body) => {
    const parse = vi.spyOn(JSON, "parse");
    const headers = { "content-type": "application/json" };
    const request = new Request("http://gateway/", { method: "POST", headers, body });
    const received = await receive(request, defaultPolicy().limits, clock, slot);
    expect(received).toEqual({
      ok: false,
      refusal: {
        code: "too-large",
        publicText: "The body has more than 448 values; at most 64 texts are allowed per request.",
        reason: "inputs",
      },
    });
    expect(parse).not.toHaveBeenCalledWith(body);
  });

  it("but not one with as many pairs as the policy allows, and parameters", async () => {
    const inputs = Array(64).fill({ text: "a, [b]", text_pair: "{c}" });
    const body = JSON.stringify({
      inputs,
      parameters: { top_k: 1 },
      options: { wait_for_model: true, use_cache: false },
    });
    const headers = { "content-type": "application/json" };
    const request = new Request("http://gateway/", { method: "POST", headers, body });
    expect(await receive(request, defaultPolicy().limits, clock, slot)).toMatchObject({ ok: true });
  });
});
