/** Models that do not fit, or not with long texts. The tests make the edge smaller instead of the models larger. */
import { access } from "node:fs/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { silent } from "../../../../../../tools/spillway/terminal/progress.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const MIB = 2 ** 20;
const edge = vi.hoisted(() => ({ heapMaxBytes: 0 }));
vi.mock("../../../../../../formats/model-package/manifest.ts", async (original) => ({
  ...(await original<typeof import("../../../../../../formats/model-package/manifest.ts")>()),
  get MAX_EDGE_HEAP_BYTES() {
    return { "onnxruntime-web": edge.heapMaxBytes };
  },
}));

const scratch = useScratch();
const WANTED_TOKENS = 64;
// 6 MB as INT8, with much to hold for each token and little to compute.
beforeAll(() =>
  writeDistilbertFolder(scratch.path("medium"), {
    ...SMALL,
    layers: 1,
    dim: 128,
    heads: 8,
    hidden: 3072,
    vocabulary: 44_000,
    positions: WANTED_TOKENS,
  }),
);

async function pack(heapMaxMib: number) {
  edge.heapMaxBytes = heapMaxMib * MIB;
  const notes: string[] = [];
  const progress = { ...silent, note: (line: string) => void notes.push(line) };
  const request = { folder: scratch.path("medium"), out: scratch.path("package"), maxTokens: WANTED_TOKENS };
  const packed = await quickPack({ ...request, engine: "onnxruntime-web" }, progress);
  return { edge: packed.manifest.edge, notes };
}

const isAbsent = () => expect(access(scratch.path("package"))).rejects.toThrow(/ENOENT/);

describe("a model for which the edge is too small", { timeout: 120_000 }, () => {
  it("is refused if its weights do not fit, with the needed size, the limit and the next step", async () => {
    await expect(pack(4)).rejects.toThrow(
      /model_quantized\.onnx needs \d+\.\d MiB of wasm heap for its weights; the edge has 4\.0 MiB\. .*--origin-only\.$/,
    );
    await isAbsent();
  });

  it("is refused if not even 16 tokens fit", async () => {
    await expect(pack(17)).rejects.toThrow(/needs \d+\.\d MiB of wasm heap for 16 tokens; the edge has 17\.0 MiB/);
    await isAbsent();
  });

  it("is packed for as many tokens as fit, with a note", async () => {
    const { edge: packed, notes } = await pack(19);
    expect(packed?.heapBytes).toBeLessThanOrEqual(19 * MIB);
    expect(packed?.maxTokens).toBeLessThan(WANTED_TOKENS);
    expect(notes).toContainEqual(
      expect.stringMatching(
        `^${WANTED_TOKENS} tokens need \\d+\\.\\d MiB, the edge has 19\\.0 MiB: packed for up to ${packed?.maxTokens} tokens$`,
      ),
    );
  });
});
