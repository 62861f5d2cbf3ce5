/** Before anything is stored, `npm start` compares its package with the stored policy's and with another origin's. */
import { describe, expect, it } from "vitest";
import { objectKey } from "../../../../formats/model-package/names.ts";
import { checkOriginModel, checkStoredModel } from "../../../../tools/start/check-models.ts";
import { id, manifestWith, originOnly } from "../../../support/tagger-manifest.ts";

const opened = { folder: "my-model", modelId: id("a"), manifest: manifestWith(["ham", "spam"]) };
const published = new Map([
  [objectKey(id("b"), "manifest.json"), manifestWith(["spam", "ham"])],
  [objectKey(id("c"), "manifest.json"), manifestWith(["no", "yes"])],
  [objectKey(id("e"), "manifest.json"), originOnly(["ham", "spam"])],
]);
const bucket = {
  get: async (key: string) => {
    const found = published.get(key);
    return found === undefined ? null : new TextEncoder().encode(JSON.stringify(found));
  },
};
const withoutEdge = { ...opened, manifest: originOnly(["ham", "spam"]) };
const check = (policy: unknown, started = opened) =>
  checkStoredModel(policy === null ? null : JSON.stringify(policy), started, bucket);
const noticeOf = async (policy: unknown) => (await check(policy)).notice;
const UNSET = "npx spillway policy unset model";

describe("the stored policy", () => {
  it.each([[null], [{}], [{ model: null }], [{ model: id("a") }], ["no policy"]])(
    "%j is no problem",
    async (policy) => {
      expect(await check(policy)).toEqual({ notice: null, hasEdge: true });
      expect(await check(policy, withoutEdge)).toEqual({ notice: null, hasEdge: false });
    },
  );

  it("names another package with the same labels: it is reported which side serves which", async () => {
    expect(await check({ model: id("b") })).toEqual({
      notice: `the stored policy names ${id("b")}: the edge serves it, and ${id("a")} of my-model serves at the origin only. For the edge too: ${UNSET}`,
      hasEdge: true,
    });
  });

  it("names another package, and the started one is for the origin only: the edge serves the named one", async () => {
    expect(await check({ model: id("b") }, withoutEdge)).toEqual({
      notice: `the stored policy names ${id("b")}: the edge serves it, and ${id("a")} of my-model serves at the origin only. To end that: ${UNSET}`,
      hasEdge: true,
    });
  });

  it("names a package for the origin only: the start continues, and waits for no edge", async () => {
    const sides = `it is packed for the origin only, so ${id("a")} of my-model answers every text at the origin`;
    const notice = `the stored policy names ${id("e")}: ${sides}.`;
    expect(await check({ model: id("e") })).toEqual({ notice: `${notice} For the edge too: ${UNSET}`, hasEdge: false });
    expect(await check({ model: id("e") }, withoutEdge)).toEqual({
      notice: `${notice} To end that: ${UNSET}`,
      hasEdge: false,
    });
  });

  it.each([
    ["names a package with other labels", "c", "labels differ from the edge's"],
    ["names a package that was never published", "d", "is not published on this machine"],
  ])("%s: a start for the origin only is refused too", async (_, digit, reason) => {
    await expect(check({ model: id(digit) }, withoutEdge)).rejects.toThrow(reason);
  });

  it("has a candidate: it is reported, published or not, and the start continues", async () => {
    const candidate = { model: id("b"), share: 10 };
    expect(await noticeOf({ candidate })).toMatch(
      /^the stored policy has a candidate, tagger@b+, for 10 % of isolates; this machine has one/,
    );
    expect(await noticeOf({ candidate: { ...candidate, model: id("e") } })).toMatch(
      /packed for the origin only, so they run tagger@a+/,
    );
    expect(await noticeOf({ candidate: { ...candidate, model: id("d") } })).toMatch(
      /not published on this machine, so they run tagger@a+/,
    );
  });

  it("names a package with other labels: the start is refused", async () => {
    await expect(check({ model: id("c") })).rejects.toThrow(
      /names .* for the edge, and the origin would run .* of my-model: labels differ from the edge's: origin \[ham, spam\], edge \[no, yes\]\. Remove it with npx spillway policy unset model/,
    );
  });

  it("names a package that was never published: the start is refused", async () => {
    await expect(check({ model: id("d") })).rejects.toThrow(/is not published on this machine, .* policy unset model/);
  });
});

describe("another origin", () => {
  const answer = (labels: string[]) => ({
    model: id("e"),
    labels,
    problemType: "single_label_classification",
    windows: [{ tokens: 1, logits: labels.map(() => 0) }],
  });

  it("with the same labels, or without an answer, is no problem", () => {
    expect(() => checkOriginModel(answer(["spam", "ham"]), opened, "https://o/")).not.toThrow();
    expect(() => checkOriginModel(null, opened, "https://o/")).not.toThrow();
  });

  it("with other labels is refused before anything is stored", () => {
    expect(() => checkOriginModel(answer(["no", "yes"]), opened, "https://o/")).toThrow(
      /^SPILLWAY_ORIGIN_URL is https:\/\/o\/, which serves tagger@e+: labels differ from the edge's: origin \[no, yes\], edge \[ham, spam\]\. /,
    );
  });
});
