/**
 * Verifies a model's signature in the OpenSSF Model Signing format v1.0, key mode. Pure and portable: WebCrypto alone, so
 * that a Worker and a person's machine come to the same answer.
 */
import { rawFromDer } from "./der.ts";
import { type Envelope, openBundle, signedBytes } from "./envelope.ts";
import { fingerprintOf, type PublicKey, readPem, readPublicKeys } from "./public-key.ts";
import { SignatureError } from "./signature-error.ts";
import { type ModelStatement, readStatement } from "./statement.ts";

export interface SignedResources extends ModelStatement {
  /** Of the key that made the signature; see PublicKey. */
  keyFingerprint: string;
}

/**
 * What the holder of the key has signed. The files themselves are not looked at: they are the model only if each of them
 * has its listed digest, and no others are there.
 * @param bundleJson the text of `model.sig`
 * @param publicKeyPem SPKI PEM, P-256 or P-384: the pinned key, or the old and the new one while they are rotated, from a source
 *   that the bundle's author cannot write to
 * @throws SignatureError
 */
export async function verifyBundle(bundleJson: string, publicKeyPem: string): Promise<SignedResources> {
  const pinned = await readPublicKeys(publicKeyPem);
  const envelope = openBundle(bundleJson);
  const { fingerprint } = await signerAmong(await candidates(envelope, pinned), envelope);
  return { ...(await readStatement(envelope.payload)), keyFingerprint: fingerprint };
}

/** Tells a wrong key from a broken signature. The bundle's word for its key is not trusted, only contradicted. */
async function candidates(
  { keyHint, keyBytes }: Envelope,
  pinned: readonly PublicKey[],
): Promise<readonly PublicKey[]> {
  const named = keyHint ?? (keyBytes && (await fingerprintOf(spkiOf(keyBytes))));
  if (named === undefined) return pinned;
  const found = pinned.filter(({ fingerprint }) => fingerprint === named);
  if (found.length > 0) return found;
  const known = pinned.map(({ fingerprint }) => `${fingerprint.slice(0, 12)}…`).join(" or ");
  throw new SignatureError("wrong-key", `The model was signed with the key ${named.slice(0, 12)}…, not with ${known}.`);
}

/** Older bundles hold the key's PEM text where the Sigstore format has DER. */
function spkiOf(keyBytes: Uint8Array): Uint8Array {
  return readPem("PUBLIC KEY", new TextDecoder().decode(keyBytes)) ?? keyBytes;
}

async function signerAmong(keys: readonly PublicKey[], envelope: Envelope): Promise<PublicKey> {
  for (const key of keys) if (await hasSigned(key, envelope)) return key;
  throw new SignatureError("signature-invalid", "The signature does not fit what it signs: one of them was changed.");
}

async function hasSigned({ key, curve }: PublicKey, { payload, signature }: Envelope): Promise<boolean> {
  const raw = rawFromDer(signature, curve.integerBytes);
  const algorithm = { name: "ECDSA", hash: curve.hash };
  return raw !== undefined && crypto.subtle.verify(algorithm, key, raw, signedBytes(payload));
}
