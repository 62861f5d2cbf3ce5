/** The one package opener, on a package in memory: which packages it accepts, and every fault that it reports. */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { utf8 } from "../../../../formats/encodings.ts";
import type { Manifest } from "../../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, MODEL_ID, modelIdOf } from "../../../../formats/model-package/names.ts";
import {
  openSignedPackage,
  openUnsignedPackage,
  type PackageTrust,
} from "../../../../formats/model-package/open-package.ts";
import { describeFault, type FoundFile, type PackageFault } from "../../../../formats/model-package/package-fault.ts";
import { sha256Hex } from "../../../../formats/sha256.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { signBundle } from "../../../../tools/spillway/model/sign/sign-bundle.ts";

const owner = generateKeyPair();
const other = generateKeyPair();

const contents = { "edge.ort": "edge", "model.onnx": "origin", "tokenizer.json": "{}", "tokenizer_config.json": "{ }" };
const manifest: Manifest = {
  format: "spillway-model/1",
  name: "tiny",
  version: 3,
  labels: ["ham", "spam"],
  problemType: "single_label_classification",
  tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
  edge: null,
  edgeFallback: null,
  origin: { file: "model.onnx" },
  files: Object.entries(contents).map(([name, text]) => ({
    name,
    sizeBytes: text.length,
    sha256: sha256Hex(text),
  })),
};
const trust: PackageTrust = {
  publicKeyPem: owner.publicKey,
  modelId: null,
  minVersion: 0,
  needed: ({ files }) => files.map(({ name }) => name),
};

/** A package: what is stored, and what the source knows of it. */
interface Stored {
  bundle: string;
  manifest: string;
  found: FoundFile[];
}

/** Signs the manifest's text and files; `signedFiles` replaces the list. */
async function stored(text = JSON.stringify(manifest), signedFiles = manifest.files): Promise<Stored> {
  const resources = [...signedFiles, { name: MANIFEST_FILE, sha256: sha256Hex(text) }];
  return {
    bundle: await signBundle({ modelName: "tiny", resources, ignorePaths: ["notes"] }, owner.privateKey),
    manifest: text,
    found: [...manifest.files, { name: MANIFEST_FILE, sizeBytes: null, sha256: null }],
  };
}

function open({ bundle, manifest: text, found }: Stored, change: Partial<PackageTrust> = {}) {
  const files = new Map([
    [BUNDLE_FILE, bundle],
    [MANIFEST_FILE, text],
  ]);
  const readSmall = async (name: string) => {
    const content = files.get(name) ?? "";
    return content === "" ? null : utf8(content);
  };
  return openSignedPackage({ readSmall, list: async () => found }, { ...trust, ...change });
}

async function faultOf(source: Stored, change: Partial<PackageTrust> = {}): Promise<PackageFault | null> {
  const result = await open(source, change);
  return result.ok ? null : result.fault;
}

let good: Stored;
beforeAll(async () => {
  good = await stored();
});

describe("a signed package", () => {
  it("is opened with its id, which contains the manifest's digest", async () => {
    const result = await open(good);
    const modelId = modelIdOf("tiny", sha256Hex(good.manifest));
    expect(result).toEqual({ ok: true, opened: { modelId, manifest } });
    expect(modelId).toMatch(MODEL_ID);
    expect(await faultOf(good, { modelId, minVersion: 3 })).toBeNull();
  });

  it("may lack files that this side does not need", async () => {
    const found = good.found.filter(({ name }) => name !== "edge.ort");
    expect(await faultOf({ ...good, found }, { needed: () => ["model.onnx"] })).toBeNull();
  });

  it("is listed without the paths that the signature does not cover", async () => {
    const list = vi.fn(async () => good.found);
    await openSignedPackage(
      { readSmall: async (name) => utf8(name === BUNDLE_FILE ? good.bundle : good.manifest), list },
      trust,
    );
    expect(list).toHaveBeenCalledWith([BUNDLE_FILE, ".git", ".gitattributes", ".github", ".gitignore", "notes"]);
  });

  it("is opened in two pieces: others may run between signature and manifest, and end it there", async () => {
    const list = vi.fn(async () => good.found);
    const readSmall = async (name: string) => utf8(name === BUNDLE_FILE ? good.bundle : good.manifest);
    const pause = vi.fn(() => Promise.reject(new Error("another load")));
    await expect(openSignedPackage({ readSmall, list, pause }, trust)).rejects.toThrow("another load");
    expect(list).not.toHaveBeenCalled();
    await openSignedPackage({ readSmall, list, pause }, { ...trust, publicKeyPem: other.publicKey });
    expect(pause).toHaveBeenCalledTimes(1);
  });
});

it("a copy under another name is refused: the name in answers and records is the signed one", async () => {
  const fault = await faultOf(good, { modelId: `other@${sha256Hex(good.manifest)}` });
  expect(fault).toEqual({ kind: "other-name", name: "tiny" });
});

describe("a package is refused", () => {
  const cases: [string, () => Promise<Stored> | Stored, Partial<PackageTrust>, PackageFault["kind"], string][] = [
    ["without a pinned key", () => good, { publicKeyPem: "" }, "no-key", "no public key is pinned"],
    ["without a signature", () => ({ ...good, bundle: "" }), {}, "missing", "model.sig is missing"],
    ["without a manifest", () => ({ ...good, manifest: "" }), {}, "missing", "manifest.json is missing"],
    ["of another signer", () => good, { publicKeyPem: other.publicKey }, "signature", "signature: wrong-key"],
    [
      "with a truncated signature",
      () => ({ ...good, bundle: good.bundle.slice(0, -10) }),
      {},
      "signature",
      "signature: bundle-unreadable",
    ],
    [
      "with a changed manifest",
      () => ({ ...good, manifest: `${good.manifest} ` }),
      {},
      "digest",
      "sha256 of manifest.json",
    ],
    ["of another id", () => good, { modelId: `tiny@${"0".repeat(64)}` }, "other-model", "manifest-digest"],
    [
      "with a manifest of another format",
      () => stored('{"format": "theirs"}'),
      {},
      "manifest-unreadable",
      "manifest-unreadable",
    ],
    ["with a manifest that is not JSON", () => stored("{"), {}, "manifest-unreadable", "manifest-unreadable"],
    [
      "with a file that is not signed",
      () => ({ ...good, found: [...good.found, { name: "extra", sizeBytes: 1, sha256: null }] }),
      {},
      "not-signed",
      "extra is not in the signature",
    ],
    [
      "with a file that only the manifest lists",
      () => stored(undefined, manifest.files.slice(1)),
      {},
      "not-signed",
      "edge.ort is not in the signature",
    ],
    [
      "with a file signed with another digest",
      () =>
        stored(
          undefined,
          manifest.files.map((file) => ({ ...file, sha256: file.name === "edge.ort" ? "0".repeat(64) : file.sha256 })),
        ),
      {},
      "signed-otherwise",
      "edge.ort is signed with another digest",
    ],
    ["without a needed file", () => ({ ...good, found: good.found.slice(1) }), {}, "missing", "edge.ort is missing"],
    [
      "with a file of another size",
      () => ({ ...good, found: good.found.map((file) => ({ ...file, sizeBytes: 1 })) }),
      {},
      "size",
      "size of edge.ort",
    ],
    [
      "with a file of another digest",
      () => ({ ...good, found: good.found.map((file) => ({ ...file, sha256: "0".repeat(64) })) }),
      {},
      "digest",
      "sha256 of edge.ort",
    ],
    ["below the minimum version", () => good, { minVersion: 4 }, "old-version", "version 3 is below minVersion 4"],
  ];
  it.each(cases)("%s", async (_, source, change, kind, words) => {
    const fault = await faultOf(await source(), change);
    expect(fault?.kind).toBe(kind);
    expect(fault && describeFault(fault)).toBe(words);
  });

  it("before anything is listed or parsed, if its signature is not valid", async () => {
    const list = vi.fn(async () => good.found);
    const readSmall = async (name: string) => utf8(name === BUNDLE_FILE ? good.bundle : "{".repeat(100));
    const result = await openSignedPackage({ readSmall, list }, trust);
    expect(result).toMatchObject({ ok: false, fault: { kind: "digest", file: MANIFEST_FILE } });
    expect(list).not.toHaveBeenCalled();
  });

  it("with the source's own error if it cannot be read", async () => {
    const broken = { readSmall: () => Promise.reject(new Error("no bucket")), list: async () => [] };
    await expect(openSignedPackage(broken, trust)).rejects.toThrow("no bucket");
  });
});

describe("a package that is not signed yet", () => {
  const openIt = (text: string | null, find: (name: string) => FoundFile | null) =>
    openUnsignedPackage({
      readSmall: async () => (text === null ? null : utf8(text)),
      find: async (name) => find(name),
    });
  const listed = (name: string) => manifest.files.find((file) => file.name === name) ?? null;

  it("is opened if every file is the one that the manifest lists", async () => {
    const text = JSON.stringify(manifest);
    expect(await openIt(text, listed)).toEqual({
      ok: true,
      opened: { modelId: modelIdOf("tiny", sha256Hex(text)), manifest },
    });
  });

  it("is refused without its manifest, without a file, and with another file", async () => {
    const text = JSON.stringify(manifest);
    expect(await openIt(null, listed)).toMatchObject({ fault: { kind: "missing", file: MANIFEST_FILE } });
    expect(await openIt("[]", listed)).toMatchObject({ fault: { kind: "manifest-unreadable" } });
    expect(await openIt(text, () => null)).toMatchObject({ fault: { kind: "missing", file: "edge.ort" } });
    const changed = (name: string) => ({ name, sizeBytes: 4, sha256: "0".repeat(64) });
    expect(await openIt(text, changed)).toMatchObject({ fault: { kind: "digest", file: "edge.ort" } });
  });
});
