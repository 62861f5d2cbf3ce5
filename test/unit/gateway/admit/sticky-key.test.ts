/** The same caller gets the same side: through the request's headers, `stickyBy`, and the share's bucket. */
import { describe, expect, it } from "vitest";
import { stickyKeyOf } from "../../../../gateway/admit/sticky-key.ts";
import { callerOf } from "../../../../gateway/authenticate/caller.ts";
import { basisPointsOf, insideShare } from "../../../../gateway/decide/share.ts";

const TEXTS = Array.from({ length: 200 }, (_, index) => `text number ${index}`);

const named = (headers: Record<string, string>, keyId: string | null) =>
  callerOf(new Headers(headers), undefined, keyId === null ? null : { id: keyId, inputsMax: null });

function sides(
  stickyBy: string,
  headers: Record<string, string>,
  keyId: string | null = null,
  sharePercent = 50,
): Set<"edge" | "origin"> {
  const caller = named(headers, keyId);
  const inside = (text: string) =>
    insideShare(basisPointsOf(stickyKeyOf(stickyBy, caller, text, "request 1")), sharePercent);
  return new Set(TEXTS.map((text) => (inside(text) ? "edge" : "origin")));
}

const key = (stickyBy: string, headers: Record<string, string>, keyId: string | null, text: string) =>
  stickyKeyOf(stickyBy, named(headers, keyId), text, "request 1");

describe("one caller stays on one side, whatever the text", () => {
  it.each([
    ["header:x-tenant", "x-tenant"],
    ["header:x-tenant", "X-Tenant"],
  ])("by %s, given in the header %s", (stickyBy, name) => {
    for (let caller = 0; caller < 20; caller++) {
      expect(sides(stickyBy, { [name]: `caller ${caller}` }).size, `caller ${caller}`).toBe(1);
    }
  });

  it("by the id of the verified key", () => {
    for (let caller = 0; caller < 20; caller++) expect(sides("api-key", {}, `caller${caller}`).size).toBe(1);
  });

  it("and different callers are on different sides", () => {
    const all = Array.from({ length: 20 }, (_, index) => [...sides("api-key", {}, `caller${index}`)]);
    expect(new Set(all.flat())).toEqual(new Set(["edge", "origin"]));
  });
});

describe("texts are on different sides, each always on the same", () => {
  it.each([
    ["text, although there is a key", "text", { "x-tenant": "t" }, "k"],
    ["api-key, which is missing", "api-key", { "x-tenant": "t" }, null],
    ["api-key, which was not verified", "api-key", { "x-api-key": "k", authorization: "Bearer b" }, null],
    ["a header, which is missing", "header:x-tenant", {}, "k"],
    ["a header, which is empty", "header:x-tenant", { "x-tenant": "" }, null],
  ])("by %s", (_, stickyBy, headers, keyId) => {
    expect(sides(stickyBy, headers, keyId)).toEqual(new Set(["edge", "origin"]));
    for (const text of TEXTS) expect(key(stickyBy, headers, keyId, text)).toBe(text);
  });
});

describe("the key is what the policy names, and nothing else", () => {
  const headers = { "x-api-key": "sent", "x-tenant": "t", authorization: "Bearer b" };
  it.each([
    ["api-key", headers, "k"],
    ["header:x-tenant", headers, "t"],
    ["header:authorization", headers, "Bearer b"],
    ["text", headers, "the text"],
  ])("by %s of %j it is %j", (stickyBy, given, expected) => {
    expect(key(stickyBy, given, "k", "the text")).toBe(expected);
  });
});
