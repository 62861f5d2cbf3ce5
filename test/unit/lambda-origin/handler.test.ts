import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Manifest } from "../../../formats/model-package/manifest.ts";
import { originAnswerSchema, originErrorSchema, TIMEOUT_HEADER } from "../../../formats/origin-wire.ts";
import { createApp } from "../../../lambda-origin/app.ts";
import { type LoadedModel, loadModel } from "../../../lambda-origin/model.ts";
import { signFolder } from "../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { type TinyPackage, writeTinyPackage } from "../../support/model-package.ts";
import { tinyOnnx } from "../../support/tiny-onnx.ts";

const CANARY = "canary-3b1f7e";
const { privateKey, publicKey } = generateKeyPair();
let folder: string;
let tiny: TinyPackage;
let loaded: LoadedModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-origin-"));
  tiny = await writeTinyPackage(join(folder, "good"));
  loaded = await signAndLoad(tiny.folder);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Signs whatever is in the folder, so that the tests reach the checks after the signature. */
async function signAndLoad(path: string): Promise<LoadedModel> {
  await signFolder(path, privateKey);
  return loadModel({ folder: path, publicKeyPem: publicKey });
}

function post(body: unknown, model: LoadedModel = loaded): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return Promise.resolve(createApp(model).request("/", { method: "POST", body: text }));
}

describe("the origin's answer", () => {
  it("contains the model id, its labels, and one row of logits", async () => {
    const response = await post({ text: "ham spam spams unheard", maxTokens: 100 });
    expect(response.status).toBe(200);
    // [CLS] ham spam spam ##s [UNK] [SEP], summed and counted by the tiny model
    expect(originAnswerSchema.parse(await response.json())).toEqual({
      model: tiny.modelId,
      labels: ["ham", "spam"],
      problemType: "single_label_classification",
      windows: [{ tokens: 5, logits: [2 + 4 + 5 + 5 + 6 + 1 + 3, 7] }],
    });
  });

  it("has one window without tokens for an empty text", async () => {
    const answer = originAnswerSchema.parse(await (await post({ text: "", maxTokens: 1 })).json());
    expect(answer.windows).toEqual([{ tokens: 0, logits: [5, 2] }]);
  });

  it("has one row per window of a long text, each computed from that window only", async () => {
    const answer = originAnswerSchema.parse(
      await (await post({ text: "spam ".repeat(1021), maxTokens: 16_384 })).json(),
    );
    expect(answer.windows).toEqual([
      { tokens: 340, logits: [340 * 5 + 5, 342] },
      { tokens: 340, logits: [340 * 5 + 5, 342] },
      { tokens: 341, logits: [341 * 5 + 5, 343] },
    ]);
  });

  it("feeds token_type_ids to a graph that has this input", async () => {
    const model = tinyOnnx(["input_ids", "attention_mask", "token_type_ids"]);
    const typed = await writeTinyPackage(join(folder, "typed"), { model });
    const response = await post({ text: "ham", maxTokens: 10 }, await signAndLoad(typed.folder));
    expect(originAnswerSchema.parse(await response.json()).windows).toEqual([{ tokens: 1, logits: [9, 3] }]);
  });
});

describe("the origin refuses", () => {
  it.each([
    { name: "a body that is not JSON", body: "{" },
    { name: "an empty body", body: "" },
    { name: "no text", body: { maxTokens: 5 } },
    { name: "a text that is not a string", body: { text: 7, maxTokens: 5 } },
    { name: "no limit", body: { text: CANARY } },
    { name: "a limit over the origin's limit", body: { text: CANARY, maxTokens: 16_385 } },
    { name: "an unknown key", body: { text: CANARY, maxTokens: 5, more: 1 } },
  ])("$name with 400 malformed", async ({ body }) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(originErrorSchema.parse(await response.json()).error_type).toBe("malformed");
  });

  it("one token too many with 413, and accepts exactly as many as allowed", async () => {
    expect((await post({ text: "ham ".repeat(10), maxTokens: 10 })).status).toBe(200);
    const response = await post({ text: "ham ".repeat(11), maxTokens: 10 });
    expect(response.status).toBe(413);
    expect(originErrorSchema.parse(await response.json()).error_type).toBe("too-large");
  });

  it("a text whose windows would take more than half of the caller's timeout with 413, if the package states their time", async () => {
    if (!loaded.ok) throw new Error(loaded.reason);
    const slow: LoadedModel = { ok: true, model: { ...loaded.model, fullWindow: { tokens: 512, runMs: 1000 } } };
    const status = async (tokens: number, timeoutMs: string | null, model = slow) => {
      const headers = timeoutMs === null ? {} : { [TIMEOUT_HEADER]: timeoutMs };
      const body = JSON.stringify({ text: "ham ".repeat(tokens), maxTokens: 16_384 });
      return (await createApp(model).request("/", { method: "POST", headers, body })).status;
    };
    expect([await status(1024, "4000"), await status(1025, "4000"), await status(1536, "7999")]).toEqual([
      200, 413, 200,
    ]);
    // A window is always run. Without a time of either nothing is refused.
    expect([await status(512, "10"), await status(513, "10")]).toEqual([200, 413]);
    expect([await status(1025, null), await status(1025, "soon"), await status(1025, "0")]).toEqual([200, 200, 200]);
    const unknown: LoadedModel = { ok: true, model: { ...loaded.model, fullWindow: null } };
    expect(await status(1025, "4000", unknown)).toBe(200);
  });

  it("a text on which the tokenizer throws with 413, which no breaker counts, and does not return the error's message", async () => {
    if (!loaded.ok) throw new Error(loaded.reason);
    const encodeContent = () => ({
      next: () => {
        throw new RangeError(`cannot tokenize ${CANARY}`);
      },
    });
    const tokenizer = { ...loaded.model.tokenizer, encodeContent };
    const response = await post({ text: CANARY, maxTokens: 100 }, { ok: true, model: { ...loaded.model, tokenizer } });
    expect(response.status).toBe(413);
    expect(originErrorSchema.parse(await response.json())).toMatchObject({
      error: "the text cannot be tokenized",
      error_type: "too-large",
    });
    expect((await post({ text: "ham", maxTokens: 100 })).status).toBe(200);
  });

  it("every path and method except POST / with 404", async () => {
    const app = createApp(loaded);
    for (const [path, method] of [
      ["/", "GET"],
      ["/v1/classify", "POST"],
    ] as const) {
      expect((await app.request(path, { method })).status).toBe(404);
    }
  });

  it("a failing model with 500, and neither returns nor logs the failure's message", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    if (!loaded.ok) throw new Error(loaded.reason);
    const infer = () => Promise.reject(new Error(`cannot run ${CANARY}`));
    const response = await post({ text: CANARY, maxTokens: 100 }, { ok: true, model: { ...loaded.model, infer } });
    const body = await response.text();
    expect(response.status).toBe(500);
    expect(originErrorSchema.parse(JSON.parse(body)).error_type).toBe("internal");
    expect(body + JSON.stringify(logged.mock.calls)).not.toContain(CANARY);
  });
});

describe("a package that is signed but inconsistent", () => {
  const changed = (name: string, content: string) => async (path: string) => writeFile(join(path, name), content);
  it.each([
    {
      name: "an altered model",
      spoil: changed("model.onnx", "x".repeat(tinyOnnx().length)),
      says: "model.onnx is signed with another digest",
    },
    {
      name: "a missing file",
      spoil: (path: string) => rm(join(path, "tokenizer_config.json")),
      says: "tokenizer_config.json is not in the signature",
    },
    {
      name: "a manifest that is not JSON",
      spoil: changed("manifest.json", "{"),
      says: "manifest.json is not a package manifest: it is not JSON",
    },
    {
      name: "a manifest of another kind",
      spoil: changed("manifest.json", "{}"),
      says: "manifest.json is not a package manifest",
    },
  ])("answers 503 for $name and reports the reason only to its operator", async ({ name, spoil, says }) => {
    const { folder: path } = await writeTinyPackage(join(folder, name.replaceAll(" ", "-")));
    await spoil(path);
    const bad = await signAndLoad(path);
    expect(bad).toEqual({ ok: false, reason: expect.stringContaining(says) });
    const response = await post({ text: CANARY, maxTokens: 100 }, bad);
    const body = await response.text();
    expect(response.status).toBe(503);
    expect(originErrorSchema.parse(JSON.parse(body)).error_type).toBe("model-unavailable");
    expect(body).not.toContain(says);
  });

  it.each([
    {
      name: "a file that is used but not listed in the manifest",
      bend: (manifest: Manifest) => ({
        ...manifest,
        files: manifest.files.filter((file) => file.name !== "model.onnx"),
      }),
      says: "model.onnx is used but not listed",
    },
    {
      name: "a file of another size than the manifest lists",
      bend: (manifest: Manifest) => ({
        ...manifest,
        files: manifest.files.map((file) => ({ ...file, sizeBytes: file.sizeBytes + 1 })),
      }),
      says: "bytes; manifest.json lists",
    },
  ])("answers 503 for $name", async ({ name, bend, says }) => {
    const { folder: path } = await writeTinyPackage(join(folder, name.replaceAll(" ", "-")), { bend });
    expect(await signAndLoad(path)).toEqual({ ok: false, reason: expect.stringContaining(says) });
  });

  it("answers 503 for a graph with unknown inputs", async () => {
    const model = tinyOnnx(["input_ids", "attention_mask", "pixel_values"]);
    const { folder: path } = await writeTinyPackage(join(folder, "pixels"), { model });
    expect(await signAndLoad(path)).toEqual({ ok: false, reason: expect.stringContaining("pixel_values") });
  });

  it("answers 503 if no folder is configured", async () => {
    const bad = await loadModel({ folder: undefined, publicKeyPem: publicKey });
    expect(bad).toEqual({ ok: false, reason: expect.stringContaining("SPILLWAY_MODEL_DIR") });
  });
});
