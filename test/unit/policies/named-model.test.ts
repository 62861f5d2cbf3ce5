/** A policy may name only a package that is published, and whose labels the other side has. */
import { describe, expect, it } from "vitest";
import { objectKey } from "../../../formats/model-package/names.ts";
import { checkNamedModel, type ModelChange } from "../../../policies/named-model.ts";
import { id, manifestWith, originOnly } from "../../support/tagger-manifest.ts";

const [MAIL, NEWER, OTHER, GONE, LARGE] = [id("a"), id("b"), id("c"), id("d"), id("e")];
const manifests = {
  [MAIL]: manifestWith(["ham", "spam"]),
  [NEWER]: manifestWith(["spam", "ham"]),
  [OTHER]: manifestWith(["no", "yes"]),
  [LARGE]: originOnly(["ham", "spam"]),
};
const objects = new Map(
  Object.entries(manifests).map(([modelId, manifest]) => [
    objectKey(modelId, "manifest.json"),
    new TextEncoder().encode(JSON.stringify(manifest)),
  ]),
);
const asked: string[] = [];
const bucket = {
  get: async (key: string) => {
    asked.push(key);
    return objects.get(key) ?? null;
  },
};
const check = (change: Partial<ModelChange>) =>
  checkNamedModel({ before: null, after: {}, deployed: null, acceptLabels: false, ...change }, bucket);

describe("a policy that names a package", () => {
  it.each<[string, Partial<ModelChange>]>([
    ["for the first time, with the labels of the deployment's", { after: { model: NEWER }, deployed: MAIL }],
    ["with the labels of the one before", { before: { model: MAIL }, after: { model: NEWER }, deployed: OTHER }],
    ["where none is known to be in force", { after: { model: OTHER } }],
    ["where the one in force is not published", { after: { model: OTHER }, deployed: GONE }],
    ["that is for the origin only, where every text then goes", { after: { model: LARGE }, deployed: MAIL }],
    ["with other labels, accepted", { after: { model: OTHER }, deployed: MAIL, acceptLabels: true }],
  ])("%s is saved", async (_, change) => {
    await expect(check(change)).resolves.toBeUndefined();
  });

  it("that was never published is refused", async () => {
    await expect(check({ after: { model: GONE } })).rejects.toThrow(
      `${GONE} is not in the bucket, so no isolate could load it. Publish it first: npx spillway model publish <package>. Nothing was saved.`,
    );
  });

  it("with other labels than the one in force is refused, with both label sets and the next step", async () => {
    await expect(check({ after: { model: OTHER }, deployed: MAIL })).rejects.toThrow(
      /^tagger@cccccccccccc has other labels than tagger@aaaaaaaaaaaa, which is in force: labels differ from the edge's: origin \[ham, spam\], edge \[no, yes\]\. .*Deploy the origin with the new package first, then save it with --accept-labels: npx spillway policy set model tagger@c+ --accept-labels\. Nothing was saved\.$/,
    );
  });

  const trying = (model: string, more: object = {}) => ({ candidate: { model, share: 10 }, ...more });

  it.each<[string, Partial<ModelChange>]>([
    ["with the labels of the deployment's package", { after: trying(NEWER), deployed: MAIL }],
    [
      "with the labels of the policy's",
      { before: { model: MAIL }, after: trying(NEWER, { model: MAIL }), deployed: OTHER },
    ],
    ["where the model beside it is not known", { after: trying(OTHER) }],
    ["that becomes the model", { before: trying(NEWER), after: trying(NEWER, { model: NEWER }), deployed: MAIL }],
    ["whose share changes only", { before: trying(GONE), after: trying(GONE, { edge: { share: 5 } }), deployed: MAIL }],
  ])("a candidate %s is saved", async (_, change) => {
    await expect(check(change)).resolves.toBeUndefined();
  });

  it.each<[string, Partial<ModelChange>, RegExp]>([
    ["that was never published", { after: trying(GONE), deployed: MAIL }, /^tagger@d+ is not in the bucket/],
    [
      "that is packed for the origin only",
      { after: trying(LARGE), deployed: MAIL, acceptLabels: true },
      /^The candidate tagger@e+ is packed for the origin only, so every isolate would reject it\. Pack it again without --origin-only, .*Nothing was saved\.$/,
    ],
    [
      "that serves already",
      { after: trying(MAIL), deployed: MAIL },
      /^candidate.model is tagger@a+, which serves already/,
    ],
    [
      "with other labels, which no option accepts",
      { after: trying(OTHER), deployed: MAIL, acceptLabels: true },
      /^The candidate tagger@c{12} has the labels \[no, yes\] \(.*\), and tagger@a{12}, .* \[ham, spam\] .*Callers would get other labels from some isolates/,
    ],
    [
      "beside another model than before",
      { before: trying(OTHER), after: trying(OTHER, { model: NEWER }), deployed: OTHER, acceptLabels: true },
      /^The candidate tagger@c{12} has the labels/,
    ],
  ])("a candidate %s is refused", async (_, change, message) => {
    await expect(check(change)).rejects.toThrow(message);
  });

  it("is not looked up if the change is of another value, or removes the name", async () => {
    asked.length = 0;
    await check({ before: { model: GONE }, after: { model: GONE, edge: { share: 10 } } });
    await check({ before: { model: GONE }, after: {} });
    await check({ before: { model: GONE }, after: { model: null } });
    expect(asked).toEqual([]);
  });
});
