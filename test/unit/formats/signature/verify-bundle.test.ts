/** Bundles against the pinned key: the specification's vectors, the reference implementation's, and changed ones. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SignatureReason } from "../../../../formats/signature/signature-error.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { verifyBundle } from "../../../../formats/signature/verify-bundle.ts";
import { keyPair } from "../../tools/spillway/model/sign/key-pair.ts";
import { acceptedCases, readVector, refusedCases } from "../../tools/spillway/model/sign/vectors.ts";

const releaseKey = readVector("releases/signing-key-pub.pem");
const keys = { p256: readVector("made/p256.pub.pem"), p384: readVector("made/p384.pub.pem") };
const specification = "specification/v1.0";

async function reasonOf(bundle: string, publicKey: string): Promise<string> {
  try {
    await verifyBundle(bundle, publicKey);
    return "accepted";
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    expect(error.message).toMatch(/^.{20,}[.…]$/);
    return error.reason;
  }
}

describe("the specification's own vectors", () => {
  it("key.bundle.json verifies, and lists the two files of its statement", async () => {
    const { resources, modelName } = await verifyBundle(
      readVector(`${specification}/valid/key.bundle.json`),
      releaseKey,
    );
    expect(modelName).toBe("model");
    expect(resources).toEqual([
      { name: "signme-1", sha256: "bc9a717db6064a32cbe9eae6fc40651dd6d36ef1757183f590eff2b1765d7ebc" },
      { name: "signme-2", sha256: "32dcb1f8e1ae52d5963e56a6ba06ab58b424c15ed2a6b70d2feca1d089370028" },
    ]);
  });

  it.each<[string, SignatureReason]>([
    ["valid/certificate.bundle.json", "signing-method"],
    ["valid/sigstore.bundle.json", "signing-method"],
    ["invalid/empty.bundle.json", "bundle-unreadable"],
    ["invalid/missing-envelope.bundle.json", "bundle-unreadable"],
    ["invalid/missing-verification-material.bundle.json", "bundle-unreadable"],
    ["invalid/missing-tlog-entries.bundle.json", "signing-method"],
    // Its payload was changed after signing.
    ["invalid-payload/wrong-predicate.bundle.json", "signature-invalid"],
  ])("%s is refused as %s", async (path, reason) => {
    expect(await reasonOf(readVector(`${specification}/${path}`), releaseKey)).toBe(reason);
  });
});

describe("during a key rotation", () => {
  const [p256, p384] = (["p256", "p384"] as const).map((curve) =>
    JSON.stringify(acceptedCases.find((known) => known.curve === curve)?.bundle),
  );
  const unnamed = JSON.stringify(
    acceptedCases.find((known) => known.case === "no hint" && known.curve === "p384")?.bundle,
  );

  it.each([
    ["one after another", `${keys.p256}${keys.p384}`],
    ["the new one first, with text between them", `${keys.p384}\nthe old one:\n${keys.p256}`],
    ["with spaces for newlines, as web forms write them", `${keys.p256}${keys.p384}`.replaceAll("\n", " ")],
    ["with \\n for newlines, as files of variables write them", `${keys.p256}${keys.p384}`.replaceAll("\n", "\\n")],
  ])("a signature of either of two pinned keys verifies: %s", async (_, pinned) => {
    for (const bundle of [p256 ?? "", p384 ?? "", unnamed]) expect(await reasonOf(bundle, pinned)).toBe("accepted");
  });

  it("a signature of another key is refused, and both pinned keys are named", async () => {
    const pinned = keyPair("P-256").publicKey + keyPair("P-384").publicKey;
    await expect(verifyBundle(p256 ?? "", pinned)).rejects.toThrow(
      /with the key \w{12}…, not with \w{12}… or \w{12}….$/,
    );
    expect(await reasonOf(unnamed, pinned)).toBe("signature-invalid");
  });

  it("a second key that cannot be read is an error at once, not when it is needed", async () => {
    const { privateKey } = keyPair("P-256");
    const half = keys.p384.slice(0, 60);
    for (const second of [privateKey, half, keyPair("P-521").publicKey]) {
      expect(await reasonOf(p256 ?? "", keys.p256 + second)).toBe("key-unreadable");
    }
  });
});

describe("bundles of the reference implementation", () => {
  it.each(acceptedCases)("$curve verifies: $case", async ({ curve, bundle }) => {
    const { resources } = await verifyBundle(JSON.stringify(bundle), keys[curve]);
    expect(resources.map(({ sha256 }) => sha256)).toContain(
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    );
    const names = resources.map(({ name }) => Buffer.from(name));
    expect(names).toEqual(names.toSorted(Buffer.compare));
  });

  it.each(refusedCases)("$curve is refused as $reason: $case", async ({ curve, bundle, reason }) => {
    expect(await reasonOf(JSON.stringify(bundle), keys[curve])).toBe(reason);
  });

  it("name the key that made them, but do not choose the curve", async () => {
    const [p256] = acceptedCases;
    expect(await reasonOf(JSON.stringify(p256?.bundle), keys.p384)).toBe("wrong-key");
    const unnamed = acceptedCases.find((known) => known.curve === "p256" && known.case === "no hint");
    expect(await reasonOf(JSON.stringify(unnamed?.bundle), keys.p384)).toBe("signature-invalid");
  });
});

describe("the bundle's fields", () => {
  type Path = readonly (string | number)[];
  /** The valid bundle with one value set, or removed for `undefined`. */
  function changed(path: Path, value: unknown): string {
    const root = structuredClone(acceptedCases[0]?.bundle);
    const [last = "", ...parents] = path.toReversed();
    const parent = parents.reduceRight<unknown>((inner, key) => Reflect.get(Object(inner), key), root);
    Reflect.set(Object(parent), last, value);
    return JSON.stringify(root);
  }
  const material = "verificationMaterial";
  const envelope = "dsseEnvelope";
  const signature = [envelope, "signatures", 0];

  const table: [Path, unknown, SignatureReason][] = [
    [["mediaType"], undefined, "bundle-unreadable"],
    [["mediaType"], 3, "bundle-unreadable"],
    [["mediaType"], "application/json", "media-type"],
    [["unknown"], 1, "bundle-unreadable"],
    [["messageSignature"], {}, "bundle-unreadable"],
    [[material], undefined, "bundle-unreadable"],
    [[material], [], "bundle-unreadable"],
    [[material, "publicKey"], undefined, "signing-method"],
    [[material, "publicKey"], "key", "bundle-unreadable"],
    [[material, "publicKey", "hint"], 7, "bundle-unreadable"],
    [[material, "publicKey", "hint"], "00", "wrong-key"],
    [[material, "publicKey"], { rawBytes: "*" }, "bundle-unreadable"],
    [[material, "publicKey"], { rawBytes: "AAAA" }, "wrong-key"],
    [[material, "certificate"], { rawBytes: "AAAA" }, "signing-method"],
    [[envelope], undefined, "bundle-unreadable"],
    [[envelope, "unknown"], 1, "bundle-unreadable"],
    [[envelope, "payload"], undefined, "bundle-unreadable"],
    [[envelope, "payload"], "", "bundle-unreadable"],
    [[envelope, "payload"], "*", "bundle-unreadable"],
    [[envelope, "payload"], "e30=", "signature-invalid"],
    [[envelope, "payloadType"], undefined, "bundle-unreadable"],
    [[envelope, "payloadType"], "application/json", "payload-type"],
    [[envelope, "signatures"], undefined, "bundle-unreadable"],
    [[envelope, "signatures"], [], "signature-count"],
    [[...signature, "sig"], undefined, "bundle-unreadable"],
    [[...signature, "sig"], "", "bundle-unreadable"],
    [[...signature, "sig"], "*", "bundle-unreadable"],
    [[...signature, "sig"], "AAAA", "signature-invalid"],
    [[...signature, "keyid"], 1, "bundle-unreadable"],
    [[...signature, "unknown"], 1, "bundle-unreadable"],
  ];
  it.each(table)("%j set to %j is refused as %s", async (path, value, reason) => {
    expect(await reasonOf(changed(path, value), keys.p256)).toBe(reason);
  });

  it.each(["", "{", "null", "[]", '"text"', "\ufeff{}"])("a bundle of %j is unreadable", async (text) => {
    expect(await reasonOf(text, keys.p256)).toBe("bundle-unreadable");
  });

  it("have no bit that can be flipped so that another statement is trusted", async () => {
    const bytes = Buffer.from(readVector("made/p256/model.sig"));
    const signed = await verifyBundle(bytes.toString(), keys.p256);
    for (const at of bytes.keys()) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const result = await verifyBundle(flipped.toString("latin1"), keys.p256).catch((error: unknown) => error);
      if (!(result instanceof SignatureError)) expect(result, `at ${at}`).toEqual(signed);
    }
  });
});

describe("the pinned key", () => {
  const bundle = JSON.stringify(acceptedCases[0]?.bundle);
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const offCurve = keys.p256.replace(/[A-Za-z0-9]{8}(==?\n)/, "AAAAAAAA$1");

  it.each([
    ["empty", ""],
    ["not PEM", "key"],
    ["a private key", keyPair("prime256v1").privateKey],
    ["an RSA key", rsa.publicKey],
    ["a P-521 key", readVector("made/p521.pub.pem")],
    ["a secp256k1 key", keyPair("secp256k1").publicKey],
    ["a truncated key", keys.p256.replace("\n-----END", "=\n-----END").replace(/^M/m, "")],
    ["a point that is not on the curve", offCurve],
  ])("is refused when it is %s", async (_, pem) => {
    expect(await reasonOf(bundle, pem)).toBe("key-unreadable");
  });

  it("may have text around it and any line ends", async () => {
    const dressed = `subject: signer\r\n${keys.p256.replaceAll("\n", "\r\n")}\r\n`;
    expect(await verifyBundle(bundle, dressed)).toEqual(await verifyBundle(bundle, keys.p256));
  });
});
