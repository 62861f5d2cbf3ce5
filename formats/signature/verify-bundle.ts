/**
 * Verifies a model's signature in the OpenSSF Model Signing format v1.0, key mode. Pure, and the same code in Workers and Node:
 * signatures are verified by WebCrypto.
 */
import { rawFromDer } from "./der.ts";
import { type Envelope, openBundle, signedBytes } from "./envelope.ts";
import { fingerprintOf, type PublicKey, readPem, readPublicKeys } from "./public-key.ts";
import { SignatureError } from "./signature-error.ts";
import { type ModelStatement, readStatement } from "./statement.ts";

export interface SignedResources extends ModelStatement {
  /** Fingerprint of the key that made the signature; see PublicKey. */
  keyFingerprint: string;
}

/**
 * The files that the holder of the key has signed. It does not read the files: the caller must check that each one has its
 * listed digest, and that no other files are there.
 * @param bundleJson the text of `model.sig`
 * @param publicKeyPem SPKI PEM, P-256 or P-384: the pinned key, or the old and the new one during a key rotation. It must come
 *   from a source that the bundle's author cannot write to.
 * @throws SignatureError
 */
export async function verifyBundle(bundleJson: string, publicKeyPem: string): Promise<SignedResources> {
  const pinned = await readPublicKeys(publicKeyPem);
  const envelope = openBundle(bundleJson);
  const { fingerprint } = await signerAmong(candidates(envelope, pinned), envelope);
  return { ...readStatement(envelope.payload), keyFingerprint: fingerprint };
}

/**
 * The pinned keys that the bundle may be signed with. The key that a bundle names is not trusted; it only distinguishes a wrong
 * key from a broken signature.
 */
function candidates({ keyHint, keyBytes }: Envelope, pinned: readonly PublicKey[]): readonly PublicKey[] {
  const named = keyHint ?? (keyBytes && fingerprintOf(spkiOf(keyBytes)));
  if (named === null) return pinned;
  const found = pinned.filter(({ fingerprint }) => fingerprint === named);
  if (found.length > 0) return found;
  const known = pinned.map(({ fingerprint }) => `${fingerprint.slice(0, 12)}…`).join(" or ");
  throw new SignatureError("wrong-key", `The model was signed with the key ${named.slice(0, 12)}…, not with ${known}.`);
}

/** Older bundles contain the key's PEM text where the Sigstore format has DER. */
function spkiOf(keyBytes: Uint8Array): Uint8Array {
  return readPem("PUBLIC KEY", new TextDecoder().decode(keyBytes)) ?? keyBytes;
}

async function signerAmong(keys: readonly PublicKey[], envelope: Envelope): Promise<PublicKey> {
  for (const key of keys) if (await hasSigned(key, envelope)) return key;
  throw new SignatureError("signature-invalid", "The signature does not match its payload: one of them was changed.");
}

async function hasSigned({ key, curve }: PublicKey, { payload, signature }: Envelope): Promise<boolean> {
  const raw = rawFromDer(signature, curve.integerBytes);
  const algorithm = { name: "ECDSA", hash: curve.hash };
  return raw !== null && crypto.subtle.verify(algorithm, key, raw, signedBytes(payload));
}
