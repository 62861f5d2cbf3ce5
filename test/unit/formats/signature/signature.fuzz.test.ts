/** A fuzzer of signatures: no change of a bundle, of a signed statement, of a key or of a manifest makes anything trusted that was not signed. */
import { createHash, createPublicKey, sign, verify } from "node:crypto";
import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutByteOrderMark } from "../../../../formats/json.ts";
import { derFromRaw } from "../../../../formats/signature/der.ts";
import { openBundle, signedBytes, writeBundle } from "../../../../formats/signature/envelope.ts";
import { readPublicKey, readPublicKeys } from "../../../../formats/signature/public-key.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { type ModelStatement, writeStatement } from "../../../../formats/signature/statement.ts";
import { type SignedResources, verifyBundle } from "../../../../formats/signature/verify-bundle.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { changedJson } from "../../../support/changed-json.ts";
import { fuzzRuns } from "../../../support/fuzz.ts";
import { acceptedCases, readVector } from "../../tools/spillway/model/sign/vectors.ts";

const keys = { p256: readVector("made/p256.pub.pem"), p384: readVector("made/p384.pub.pem") };

/** What is signed, or the error of a bundle that is not valid; any other error fails the test. */
async function outcomeOf(bundle: string, publicKey: string): Promise<SignedResources | SignatureError> {
  return verifyBundle(bundle, publicKey).catch((error: unknown) => {
    if (!(error instanceof SignatureError)) throw error;
    expect(error.message).toMatch(/^.{20,}[.…]$/s);
    return error;
  });
}

describe("a changed bundle", () => {
  it("of the reference implementation is refused with a reason, or trusts what was signed", async () => {
    const signed = new Map<object, SignedResources>();
    for (const known of acceptedCases) {
      signed.set(known, await verifyBundle(JSON.stringify(known.bundle), keys[known.curve]));
    }
    const seen = { accepted: 0, refused: 0 };
    const property = fc.asyncProperty(
      changedJson(acceptedCases, ({ bundle }) => bundle),
      async ({ document, text, isUnchanged }) => {
        const outcome = await outcomeOf(text, keys[document.curve]);
        const isRefused = outcome instanceof SignatureError;
        seen[isRefused ? "refused" : "accepted"] += 1;
        if (isRefused) expect(isUnchanged).toBe(false);
        else expect(outcome).toEqual(signed.get(document));
      },
    );
    await fc.assert(property, fuzzRuns(500));
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(20);
  });
});

const own = generateKeyPair();
const { fingerprint } = await readPublicKey(own.publicKey);
const resource = (name: string) => ({ name, sha256: createHash("sha256").update(name).digest("hex") });
const STATEMENTS: ModelStatement[] = [
  { modelName: "tiny", resources: [resource("manifest.json")], ignorePaths: [] },
  {
    modelName: "a b",
    resources: ["a.txt", "a/b.txt", "größe.json", "z"].map(resource),
    ignorePaths: ["notes", ".git"],
  },
];

/** The rules of a statement, checked with Node's own functions. */
function expectTrustworthy(payload: string, { resources, ignorePaths }: SignedResources): void {
  const { _type, predicateType, subject, predicate } = JSON.parse(payload);
  expect([_type, predicateType]).toEqual(["https://in-toto.io/Statement/v1", "https://model_signing/signature/v1.0"]);
  const listed: { name: string; algorithm: string; digest: string }[] = predicate.resources;
  const root = createHash("sha256");
  for (const { digest } of listed) root.update(Buffer.from(digest, "hex"));
  expect(subject).toHaveLength(1);
  expect(subject[0].digest.sha256).toBe(root.digest("hex"));
  const { method, hash_type, allow_symlinks } = predicate.serialization;
  expect([method, hash_type, allow_symlinks]).toEqual(["files", "sha256", false]);
  expect(new Map(resources.map(({ name, sha256 }) => [name, sha256]))).toEqual(
    new Map(listed.map(({ name, digest }) => [name, digest])),
  );
  expect(resources.length).toBe(listed.length);
  expect(resources.length).toBeGreaterThan(0);
  for (const { sha256 } of resources) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  for (const name of [...resources.map((one) => one.name), ...ignorePaths]) {
    expect(posix.join("/model", name)).toBe(`/model/${name}`);
    expect(name).toMatch(/^[^/\\\p{Cc}][^\\\p{Cc}]*(?<!\/)$/u);
  }
}

describe("a changed statement, validly signed", () => {
  const bundleOf = (payload: Uint8Array) => {
    const signature = sign("sha256", signedBytes(payload), own.privateKey);
    return writeBundle(payload, signature, fingerprint);
  };

  it("is refused with a reason, or lists files inside the folder with their digests", async () => {
    const seen = { accepted: 0, refused: 0 };
    const property = fc.asyncProperty(
      changedJson(STATEMENTS, (statement) => JSON.parse(Buffer.from(writeStatement(statement)).toString())),
      async ({ text, isUnchanged }) => {
        const payload = new TextEncoder().encode(text);
        // A bundle has no payload without bytes.
        if (payload.length === 0) return;
        const outcome = await outcomeOf(bundleOf(payload), own.publicKey);
        const isRefused = outcome instanceof SignatureError;
        seen[isRefused ? "refused" : "accepted"] += 1;
        if (!isRefused) return expectTrustworthy(withoutByteOrderMark(Buffer.from(payload).toString()), outcome);
        expect(isUnchanged).toBe(false);
        expect(outcome.reason).toMatch(
          /^(statement-unreadable|predicate-type|serialization|resource-\w+|subject-digest)$/,
        );
      },
    );
    await fc.assert(property, fuzzRuns(250));
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(20);
  });
});

describe("changed bytes of a signature", () => {
  const payload = writeStatement(STATEMENTS[0] ?? { modelName: "", resources: [], ignorePaths: [] });
  const der = sign("sha256", signedBytes(payload), own.privateKey);
  const key = createPublicKey(own.publicKey);
  const raw = sign("sha256", signedBytes(payload), { key: own.privateKey, dsaEncoding: "ieee-p1363" });

  /** Byte changes, and other encodings of the same two integers. */
  const changed = fc.oneof(
    fc.tuple(fc.nat(der.length - 1), fc.nat(255)).map(([at, byte]) => Buffer.from(der).fill(byte, at, at + 1)),
    fc
      .tuple(fc.nat(der.length), fc.uint8Array({ maxLength: 3 }))
      .map(([at, bytes]) => Buffer.concat([der.subarray(0, at), bytes, der.subarray(at)])),
    fc.nat(der.length).map((length) => der.subarray(0, length)),
    fc.nat(4).map((zeros) => paddedDer(raw, zeros)),
    fc.constant(Buffer.from(derFromRaw(Buffer.concat([raw.subarray(32), raw.subarray(0, 32)])))),
    fc.constant(Buffer.from(derFromRaw(new Uint8Array(64)))),
    fc.constant(Buffer.from(derFromRaw(raw))),
  );

  it("verify exactly where OpenSSL verifies them", async () => {
    const seen = { accepted: 0, refused: 0 };
    const property = fc.asyncProperty(changed, async (signature) => {
      if (signature.length === 0) return;
      const outcome = await outcomeOf(writeBundle(payload, signature, fingerprint), own.publicKey);
      const isAccepted = !(outcome instanceof SignatureError);
      seen[isAccepted ? "accepted" : "refused"] += 1;
      expect(isAccepted).toBe(verify("sha256", signedBytes(payload), key, signature));
    });
    await fc.assert(property, fuzzRuns(300));
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(10);
  });
});

/** The integers with more leading zeros than DER has. */
function paddedDer(raw: Uint8Array, zeros: number): Buffer {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].flatMap((integer) => {
    const content = [...Array.from({ length: zeros }, () => 0), ...integer];
    return [0x02, content.length, ...content];
  });
  return Buffer.from([0x30, integers.length, ...integers]);
}

describe("changed text of a public key", () => {
  it("is refused as unreadable, or is a key", async () => {
    const seeds = [keys.p256, keys.p384, keys.p256 + keys.p384];
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom("", "A", "=", "\n", "-", "\\n", "é")), {
      maxLength: 3,
    });
    const property = fc.asyncProperty(fc.constantFrom(...seeds), edits, async (seed, all) => {
      const text = all.reduce((pem, [at, length, into]) => {
        const from = at % (pem.length + 1);
        return pem.slice(0, from) + into + pem.slice(from + length);
      }, seed);
      try {
        expect((await readPublicKeys(text)).length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ name: "SignatureError", reason: "key-unreadable" });
      }
    });
    await fc.assert(property, fuzzRuns(300));
  });
});

it("a bundle of any text is refused as unreadable", () => {
  const property = fc.property(fc.string({ maxLength: 60 }), (text) => {
    expect(() => openBundle(text)).toThrow(SignatureError);
  });
  fc.assert(property, fuzzRuns(500));
});
