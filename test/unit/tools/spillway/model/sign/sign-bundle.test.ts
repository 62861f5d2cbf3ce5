/** Bundles that Spillway makes, and what it refuses to sign. */
import { describe, expect, it } from "vitest";
import type { SignatureReason } from "../../../../../../formats/signature/signature-error.ts";
import { verifyBundle } from "../../../../../../formats/signature/verify-bundle.ts";
import { signBundle } from "../../../../../../tools/spillway/model/sign/sign-bundle.ts";
import { keyPair } from "./key-pair.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];

describe("signBundle", () => {
  const resources = [
    { name: "b", sha256: B },
    { name: "a/b", sha256: A },
    { name: "a.txt", sha256: B },
  ];

  it.each(["prime256v1", "secp384r1"])(
    "makes a bundle that verifies with the public key, sorted (%s)",
    async (curve) => {
      const { privateKey, publicKey } = keyPair(curve);
      const bundle = await signBundle({ modelName: "m", resources, ignorePaths: ["model.sig"] }, privateKey);
      const signed = await verifyBundle(bundle, publicKey);
      expect(signed).toMatchObject({ modelName: "m", ignorePaths: ["model.sig"] });
      expect(signed.resources.map(({ name }) => name)).toEqual(["a.txt", "a/b", "b"]);
      await expect(verifyBundle(bundle, keyPair(curve).publicKey)).rejects.toMatchObject({ reason: "wrong-key" });
      expect(bundle).not.toContain("PRIVATE");
    },
  );

  it.each<[string, { name: string; sha256: string }[], SignatureReason]>([
    ["no files", [], "statement-unreadable"],
    ["a file twice", [resources[0], resources[0]].filter((resource) => resource !== undefined), "resource-order"],
    ["a path out of the folder", [{ name: "../a", sha256: A }], "resource-name"],
    ["a digest that is not a SHA-256", [{ name: "a", sha256: "00" }], "resource-digest"],
  ])("does not sign %s", async (_, files, reason) => {
    const { privateKey } = keyPair("prime256v1");
    const signing = signBundle({ modelName: "m", resources: files, ignorePaths: [] }, privateKey);
    await expect(signing).rejects.toMatchObject({ reason });
  });

  it.each(["secp521r1", "secp256k1"])("does not sign with a key of %s", async (curve) => {
    const model = { modelName: "m", resources, ignorePaths: [] };
    await expect(signBundle(model, keyPair(curve).privateKey)).rejects.toMatchObject({ reason: "key-unreadable" });
  });
});
