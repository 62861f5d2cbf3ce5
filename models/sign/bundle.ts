/**
 * Verifies a model's signature in the OpenSSF Model Signing format v1.0, key mode. Pure and portable: WebCrypto alone, so
 * that a Worker and a person's machine come to the same answer.
 */
import { rawFromDer } from "./der.ts";
import { type Envelope, openBundle, signedBytes } from "./envelope.ts";
import { readPem } from "./pem.ts";
import { fingerprintOf, type PublicKey, readPublicKey } from "./public-key.ts";
import { SignatureError } from "./signature-error.ts";
import { type ModelStatement, readStatement } from "./statement.ts";

/** What `verifyBundle` throws, so that a caller needs one import. */
export { SignatureError } from "./signature-error.ts";

export interface SignedResources extends ModelStatement {
  /** Of the key that made the signature; see PublicKey. */
  keyFingerprint: string;
}

/**
 * What the holder of the key has signed. The files themselves are not looked at: they are the model only if each of them
 * has its listed digest, and no others are there.
 * @param bundleJson the text of `model.sig`
 * @param publicKeyPem SPKI PEM, P-256 or P-384: the pinned key, from a source that the bundle's author cannot write to
 * @throws SignatureError
 */
export async function verifyBundle(bundleJson: string, publicKeyPem: string): Promise<SignedResources> {
  const publicKey = await readPublicKey(publicKeyPem);
  const envelope = openBundle(bundleJson);
  await checkKeyNamed(envelope, publicKey);
  await checkSignature(envelope, publicKey);
  return { ...(await readStatement(envelope.payload)), keyFingerprint: publicKey.fingerprint };
}

/** Tells a wrong key from a broken signature. The bundle's word for its key is not trusted, only contradicted. */
async function checkKeyNamed({ keyHint, keyBytes }: Envelope, { fingerprint }: PublicKey): Promise<void> {
  const named = keyHint ?? (keyBytes && (await fingerprintOf(spkiOf(keyBytes))));
  if (named === undefined || named === fingerprint) return;
  const [other, pinned] = [named.slice(0, 12), fingerprint.slice(0, 12)];
  throw new SignatureError("wrong-key", `The model was signed with the key ${other}…, not with ${pinned}….`);
}

/** Older bundles hold the key's PEM text where the Sigstore format has DER. */
function spkiOf(keyBytes: Uint8Array): Uint8Array {
  return readPem("PUBLIC KEY", new TextDecoder().decode(keyBytes)) ?? keyBytes;
}

async function checkSignature({ payload, signature }: Envelope, { key, curve }: PublicKey): Promise<void> {
  const raw = rawFromDer(signature, curve.integerBytes);
  const algorithm = { name: "ECDSA", hash: curve.hash };
  if (raw !== undefined && (await crypto.subtle.verify(algorithm, key, raw, signedBytes(payload)))) return;
  throw new SignatureError("signature-invalid", "The signature does not fit what it signs: one of them was changed.");
}
