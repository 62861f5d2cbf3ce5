/** Signs the list of a model's files, with WebCrypto: the counterpart of `verifyBundle`. */
import { decodeBase64, decodeHex } from "../../../../formats/encodings.ts";
import { derFromRaw } from "../../../../formats/signature/der.ts";
import { signedBytes, writeBundle } from "../../../../formats/signature/envelope.ts";
import { type Curve, curves, fingerprintOf, readPem, writePem } from "../../../../formats/signature/public-key.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { type ModelStatement, writeStatement } from "../../../../formats/signature/statement.ts";
import { verifyBundle } from "../../../../formats/signature/verify-bundle.ts";

/**
 * The text of `model.sig`. It is verified with the public key before it is returned.
 * @param privateKeyPem PKCS#8 PEM, P-256 or P-384
 * @throws SignatureError, also for a model that would not verify: no files, or names that are not plain relative paths
 */
export async function signBundle(model: ModelStatement, privateKeyPem: string): Promise<string> {
  const { key, curve } = await readPrivateKey(privateKeyPem);
  const payload = writeStatement(model);
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: curve.hash }, key, signedBytes(payload));
  const spki = await publicKeyOf(key, curve);
  const bundle = writeBundle(payload, derFromRaw(new Uint8Array(raw)), fingerprintOf(spki));
  await verifyBundle(bundle, writePem("PUBLIC KEY", spki));
  return bundle;
}

async function readPrivateKey(pem: string): Promise<{ key: CryptoKey; curve: Curve }> {
  const pkcs8 = readPem("PRIVATE KEY", pem) ?? new Uint8Array();
  for (const curve of curves) {
    try {
      const algorithm = { name: "ECDSA", namedCurve: curve.name };
      return { key: await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]), curve };
    } catch {
      // A key of the other curve, or not a key: try the next curve.
    }
  }
  throw new SignatureError("key-unreadable", "This is not a P-256 or P-384 private key in PKCS#8 PEM.");
}

/** The public key in SPKI DER. WebCrypto exports a private key's point only in JWK. */
async function publicKeyOf(key: CryptoKey, curve: Curve): Promise<Uint8Array> {
  const jwk = await crypto.subtle.exportKey("jwk", key);
  if (!("x" in jwk)) throw new SignatureError("key-unreadable", "The private key has no public key.");
  const { x = "", y = "" } = jwk;
  const coordinates = [x, y].map((value) => decodeBase64(value.replaceAll("-", "+").replaceAll("_", "/")) ?? []);
  return Uint8Array.from([...decodeHex(curve.spkiHeader), ...coordinates.flatMap((bytes) => [...bytes])]);
}
