/** A fuzzer of the manifest: a changed one is refused with a reason, or has what both sides compute with and no file that is not signed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../../../formats/encodings.ts";
import {
  edgeFileNames,
  MAX_EDGE_HEAP_BYTES,
  type Manifest,
  originFileNames,
  parseManifest,
  windowTokensOf,
} from "../../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE } from "../../../../formats/model-package/names.ts";
import { openSignedPackage } from "../../../../formats/model-package/open-package.ts";
import { describeFault, type PackageFault } from "../../../../formats/model-package/package-fault.ts";
import { sha256Hex } from "../../../../formats/sha256.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { signBundle } from "../../../../tools/spillway/model/sign/sign-bundle.ts";
import { changedJson } from "../../../support/changed-json.ts";
import { fuzzRuns } from "../../../support/fuzz.ts";

const FILES = ["edge.ort", "edge.weights", "origin.onnx", "tokenizer.json", "tokenizer_config.json"].map((name) => ({
  name,
  sizeBytes: 10 + name.length,
  sha256: sha256Hex(name),
}));
const TOKEN_MODEL = { base: 2, perToken: 0.5, perTokenSquared: 0 };
const EDGE = {
  file: "edge.weights",
  engine: "spillway-engine",
  maxTokens: 256,
  heapBytes: 2 ** 24,
  memoryBytes: TOKEN_MODEL,
  timeMs: TOKEN_MODEL,
  golden: [
    { tokenIds: [101, 2, 102], logits: [0.5, -0.5] },
    { tokenIds: [101, 102], logits: [1, -3e-8] },
  ],
  goldenTolerance: 0.001,
};
const FALLBACK = { ...EDGE, file: "edge.ort", engine: "onnxruntime-web" };
const BOTH_SIDES = {
  format: "spillway-model/1",
  name: "tiny",
  version: 3,
  labels: ["ham", "späm"],
  problemType: "single_label_classification",
  tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
  edge: EDGE,
  origin: { file: "origin.onnx" },
  files: FILES,
};
const MANIFESTS: object[] = [
  BOTH_SIDES,
  { ...BOTH_SIDES, edge: null, problemType: "multi_label_classification", labels: ["a", "b", "c"] },
  { ...BOTH_SIDES, edgeFallback: FALLBACK, origin: { file: "origin.onnx", windowTokens: 128 } },
  {
    ...{ ...BOTH_SIDES, acceptsPairs: false },
    acceptedGaps: [{ engine: "spillway-engine", mean: 0.1, largest: 0.4, spread: 2 }],
  },
];
const MAX_PROBLEM_CHARACTERS = 301;
const changed = changedJson(MANIFESTS, (manifest) => manifest);

const isCount = (value: unknown) => typeof value === "number" && Number.isSafeInteger(value) && value > 0;
const areNumbers = (values: object) => Object.values(values).every((value) => Number.isFinite(value));

/** What both sides compute with, checked without the schema. */
function expectUsable(manifest: Manifest): void {
  const { name, version, labels, problemType, origin, files, edge, edgeFallback } = manifest;
  expect(name).toMatch(/^[a-z0-9-]{1,128}$/);
  expect(isCount(version)).toBe(true);
  expect(["single_label_classification", "multi_label_classification"]).toContain(problemType);
  // An answer with other labels is refused by the gateway: formats/origin-wire.ts.
  expect(labels.length >= 2 && labels.length <= 1024 && new Set(labels).size === labels.length).toBe(true);
  expect(labels.every((label) => label.length >= 1 && label.length <= 200)).toBe(true);
  expect(windowTokensOf({ origin })).toBeGreaterThanOrEqual(16);
  for (const { sizeBytes, sha256 } of files) expect(isCount(sizeBytes) && /^[0-9a-f]{64}$/.test(sha256)).toBe(true);
  // Each is a part of a bucket's key and of a path.
  for (const file of [...files.map((one) => one.name), ...originFileNames(manifest), ...edgeFileNames(manifest)]) {
    expect(file).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
  }
  for (const entry of [edge, edgeFallback]) {
    if (entry === null) continue;
    const { engine, maxTokens, heapBytes, memoryBytes, timeMs, golden, goldenTolerance } = entry;
    expect([maxTokens, heapBytes].every(isCount)).toBe(true);
    expect(heapBytes).toBeLessThanOrEqual(MAX_EDGE_HEAP_BYTES[engine]);
    expect([memoryBytes, timeMs].every(areNumbers) && Number.isFinite(goldenTolerance) && goldenTolerance > 0).toBe(
      true,
    );
    // Without golden texts, or with fewer logits than labels, a wrong model would become ready.
    expect(golden.length).toBeGreaterThan(0);
    for (const { tokenIds, logits } of golden) {
      expect(tokenIds.length > 0 && tokenIds.every((id) => Number.isSafeInteger(id) && id >= 0)).toBe(true);
      expect(logits.length === labels.length && areNumbers(logits)).toBe(true);
    }
  }
  if (edgeFallback !== null) {
    expect([edge?.engine, edgeFallback.engine]).toEqual(["spillway-engine", "onnxruntime-web"]);
    expect(edgeFallback.file).not.toBe(edge?.file);
  }
}

describe("a changed manifest", () => {
  it("is refused in one short line, or usable, and reads to itself", () => {
    const seen = { accepted: 0, refused: 0 };
    const property = fc.property(changed, ({ text, isUnchanged }) => {
      const parsed = parseManifest(utf8(text));
      seen[parsed.ok ? "accepted" : "refused"] += 1;
      if (parsed.ok) {
        expectUsable(parsed.manifest);
        // As text, which has no negative zero.
        const again = JSON.stringify(parseManifest(utf8(JSON.stringify(parsed.manifest))));
        expect(again).toBe(JSON.stringify(parsed));
        return;
      }
      expect(isUnchanged).toBe(false);
      expect(parsed.problem).toMatch(/^[^\n]{5,}$/);
      expect(parsed.problem.length).toBeLessThan(MAX_PROBLEM_CHARACTERS);
    });
    fc.assert(property, fuzzRuns(1000));
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(30);
  });

  it("that is validly signed makes no file trusted that is not signed, and runs none that it does not list", async () => {
    const owner = generateKeyPair();
    const found = [...FILES, { name: MANIFEST_FILE, sizeBytes: null, sha256: null }];
    const signed = new Map(FILES.map(({ name, sha256 }) => [name, sha256]));
    const seen = { opened: 0, faults: new Set<PackageFault["kind"]>() };
    const property = fc.asyncProperty(changed, async ({ text, isUnchanged }) => {
      const resources = [...FILES, { name: MANIFEST_FILE, sha256: sha256Hex(utf8(text)) }];
      const bundle = await signBundle({ modelName: "tiny", resources, ignorePaths: [] }, owner.privateKey);
      const small = new Map([
        [BUNDLE_FILE, bundle],
        [MANIFEST_FILE, text],
      ]);
      const result = await openSignedPackage(
        { readSmall: async (name) => utf8(small.get(name) ?? ""), list: async () => found },
        { ...{ publicKeyPem: owner.publicKey, modelId: null, minVersion: 0 }, needed: originFileNames },
      );
      if (!result.ok) {
        seen.faults.add(result.fault.kind);
        expect(isUnchanged).toBe(false);
        expect(describeFault(result.fault)).toMatch(/^[^\n]{5,300}$/);
        return;
      }
      seen.opened += 1;
      const { manifest, modelId } = result.opened;
      expectUsable(manifest);
      expect(modelId).toBe(`${manifest.name}@${sha256Hex(utf8(text))}`);
      for (const { name, sha256, sizeBytes } of manifest.files) {
        expect(signed.get(name)).toBe(sha256);
        expect(sizeBytes).toBe(10 + name.length);
      }
      for (const name of originFileNames(manifest)) expect(signed.has(name)).toBe(true);
    });
    await fc.assert(property, fuzzRuns(150));
    expect(seen.opened).toBeGreaterThan(3);
    expect(seen.faults).toContain("manifest-unreadable");
  });
});
