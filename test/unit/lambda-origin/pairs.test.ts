/** Pairs at the origin: one window with the template's special tokens and token types, or a refusal. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../../formats/model-package/manifest.ts";
import { originAnswerSchema, originErrorSchema, SPECIAL_TOKENS_HEADER } from "../../../formats/origin-wire.ts";
import { createApp } from "../../../lambda-origin/app.ts";
import { type LoadedModel, loadModel } from "../../../lambda-origin/model.ts";
import { signFolder } from "../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { writeTinyPackage } from "../../support/model-package.ts";
import { tinyOnnx } from "../../support/tiny-onnx.ts";

const { privateKey, publicKey } = generateKeyPair();
let folder: string;
/** BERT's template, and a graph whose second logit depends on the token types. */
let typed: LoadedModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-pairs-"));
  typed = await load("typed", {});
});
afterAll(() => rm(folder, { recursive: true }));

async function load(
  name: string,
  tokenizer: object,
  inputs?: readonly string[],
  bend: (manifest: Manifest) => Manifest = (same) => same,
): Promise<LoadedModel> {
  const model = tinyOnnx(inputs ?? ["input_ids", "attention_mask", "token_type_ids"]);
  const { folder: path } = await writeTinyPackage(join(folder, name), { model, tokenizer, bend });
  await signFolder(path, privateKey);
  return loadModel({ folder: path, publicKeyPem: publicKey });
}

async function post(body: object, model: LoadedModel = typed) {
  const request = { maxTokens: 100, ...body };
  const response = await createApp(model).request("/", { method: "POST", body: JSON.stringify(request) });
  return { status: response.status, special: response.headers.get(SPECIAL_TOKENS_HEADER), body: await response.json() };
}

const windowsOf = (body: unknown) => originAnswerSchema.parse(body).windows;

describe("a pair", () => {
  it("is one window: [CLS] A [SEP] B [SEP], of types 0 and 1", async () => {
    const { status, body, special } = await post({ text: "ham", textPair: "spam spam" });
    expect([status, special]).toEqual([200, "3"]);
    // ids 2 4 3 5 5 3, types 0 0 0 1 1 1: sums 22, and 6 tokens + 13.
    expect(windowsOf(body)).toEqual([{ tokens: 3, logits: [22, 19] }]);
  });

  it("has another answer with its texts exchanged", async () => {
    const { body } = await post({ text: "spam spam", textPair: "ham" });
    expect(windowsOf(body)).toEqual([{ tokens: 3, logits: [22, 13] }]);
  });

  it("has no token types in a graph without that input", async () => {
    const plain = await load("plain", {}, ["input_ids", "attention_mask"]);
    const { body } = await post({ text: "ham", textPair: "spam spam" }, plain);
    expect(windowsOf(body)).toEqual([{ tokens: 3, logits: [22, 6] }]);
  });

  it("has RoBERTa's frame and types with RoBERTa's template", async () => {
    // Without its two options, the reference reads it as BERT's.
    const options = { trim_offsets: true, add_prefix_space: false };
    const post_processor = { type: "RobertaProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2], ...options };
    const { body, special } = await post(
      { text: "ham", textPair: "spam spam" },
      await load("roberta", { post_processor }),
    );
    // 2 4 3 3 5 5 3, all of type 0
    expect(windowsOf(body)).toEqual([{ tokens: 3, logits: [25, 7] }]);
    expect(special).toBe("4");
  });

  it("is not cut: what the model cannot hold at once is 413, with the limit", async () => {
    const words = (count: number) => "ham ".repeat(count);
    const maxTokens = 16_384;
    expect((await post({ text: words(300), textPair: words(209), maxTokens })).status).toBe(200);
    const { status, body } = await post({ text: words(300), textPair: words(210), maxTokens });
    expect(status).toBe(413);
    expect(originErrorSchema.parse(body)).toMatchObject({
      error_type: "too-large",
      error: "the pair has more than 509 tokens, the most that are allowed",
    });
  });

  it("counts both texts against the request's limit", async () => {
    expect((await post({ text: "ham ham", textPair: "ham ham", maxTokens: 4 })).status).toBe(200);
    expect((await post({ text: "ham ham", textPair: "ham ham ham", maxTokens: 4 })).status).toBe(413);
  });

  it("of a model without a form for it is 422, and a single text is answered", async () => {
    const single = await load("single", { post_processor: singleOnly() });
    const { status, body } = await post({ text: "ham", textPair: "spam" }, single);
    expect([status, originErrorSchema.parse(body).error_type]).toEqual([422, "no-pairs"]);
    expect(windowsOf((await post({ text: "ham" }, single)).body)).toEqual([{ tokens: 1, logits: [9, 3] }]);
  });

  it("of a package that refuses pairs is 422, although its tokenizer has a form for them", async () => {
    const bend = (manifest: Manifest): Manifest => ({ ...manifest, acceptsPairs: false });
    const { status } = await post({ text: "ham", textPair: "spam" }, await load("refusing", {}, undefined, bend));
    expect(status).toBe(422);
  });

  it("with a second text that is no text is malformed", async () => {
    expect((await post({ text: "ham", textPair: null })).status).toBe(400);
  });
});

describe("a single text", () => {
  it("has the token types of its template, in each window", async () => {
    const types = await load("single-types", { post_processor: singleOnly(2) });
    expect(windowsOf((await post({ text: "ham" }, types)).body)).toEqual([{ tokens: 1, logits: [9, 3 + 2 * 2] }]);
    const { body } = await post({ text: "ham ".repeat(600), maxTokens: 1000 }, types);
    expect(windowsOf(body)).toEqual([1, 2].map(() => ({ tokens: 300, logits: [1205, 302 + 2 * 2] })));
  });

  it("of a tokenizer without special tokens has none", async () => {
    const { body, special } = await post({ text: "ham ham" }, await load("bare", { post_processor: null }));
    expect(windowsOf(body)).toEqual([{ tokens: 2, logits: [8, 2] }]);
    expect(special).toBe("0");
  });
});

/** [CLS] A [SEP], and no place for a second text. @param typeId of [CLS] */
function singleOnly(typeId = 0) {
  const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = { Sequence: { id: "A", type_id: 0 } };
  const special = (id: string, ids: number[]) => [id, { id, ids, tokens: [id] }] as const;
  return {
    type: "TemplateProcessing",
    single: [token("[CLS]", typeId), text, token("[SEP]", 0)],
    pair: [text],
    special_tokens: Object.fromEntries([special("[CLS]", [2]), special("[SEP]", [3])]),
  };
}
