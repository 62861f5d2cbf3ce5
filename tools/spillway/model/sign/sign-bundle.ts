/** Signs the list of a model's files: the counterpart of `verifyBundle`, on WebCrypto as well. */
import { decodeBase64, decodeHex } from "../../../../formats/encodings.ts";
import { derFromRaw } from "../../../../formats/signature/der.ts";
import { signedBytes, writeBundle } from "../../../../formats/signature/envelope.ts";
import { type Curve, curves, fingerprintOf, readPem, writePem } from "../../../../formats/signature/public-key.ts";
import { SignatureError } from "../../../../formats/signature/signature-error.ts";
import { type ModelStatement, writeStatement } from "../../../../formats/signature/statement.ts";
import { verifyBundle } from "../../../../formats/signature/verify-bundle.ts";

/**
 * The text of `model.sig`, already verified with the key's public half: what does not verify is never handed out.
 * @param privateKeyPem PKCS#8 PEM, P-256 or P-384
 * @throws SignatureError, also for a model that nobody would accept: no files, or names that are not plain relative paths
 */
export async function signBundle(model: ModelStatement, privateKeyPem: string): Promise<string> {
  const { key, curve } = await readPrivateKey(privateKeyPem);
  const payload = await writeStatement(model);
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: curve.hash }, key, signedBytes(payload));
  const spki = await publicHalf(key, curve);
  const bundle = writeBundle(payload, derFromRaw(new Uint8Array(raw)), await fingerprintOf(spki));
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
      // The other curve's key, or no key at all: the next one tells.
    }
  }
  throw new SignatureError("key-unreadable", "This is not a P-256 or P-384 private key in PKCS#8 PEM.");
}

/** SPKI DER. WebCrypto gives a private key's point only in JWK. */
async function publicHalf(key: CryptoKey, curve: Curve): Promise<Uint8Array> {
  const jwk = await crypto.subtle.exportKey("jwk", key);
  if (!("x" in jwk)) throw new SignatureError("key-unreadable", "The private key has no public half.");
  const { x = "", y = "" } = jwk;
  const coordinates = [x, y].map((value) => decodeBase64(value.replaceAll("-", "+").replaceAll("_", "/")) ?? []);
  return Uint8Array.from([...decodeHex(curve.spkiHeader), ...coordinates.flatMap((bytes) => [...bytes])]);
}
