/** Why a signature does not hold. The reason is stable and short enough for a trace; the message is for people. */
export type SignatureReason =
  /** The pinned key is not a P-256 or P-384 public key in SPKI PEM. Check what was pinned. */
  | "key-unreadable"
  /** `model.sig` is not JSON, or not of the shape of a Sigstore bundle. It was probably truncated. */
  | "bundle-unreadable"
  /** A bundle of another version than v0.3. Sign again with a current tool. */
  | "media-type"
  /** Signed with a certificate or with an identity, not with a key. */
  | "signing-method"
  /** The envelope does not carry exactly one signature. */
  | "signature-count"
  /** What was signed does not call itself an in-toto statement. */
  | "payload-type"
  /** The bundle names another key than the pinned one. Pin the signer's key, or sign with the pinned one. */
  | "wrong-key"
  /** The signature is malformed, or the pinned key did not make it over these bytes. */
  | "signature-invalid"
  /** Validly signed, but not an in-toto Statement v1 about one model. */
  | "statement-unreadable"
  /** Validly signed, but a statement about something else than a model's files. */
  | "predicate-type"
  /** Hashed in a way that is not supported here: shards, another hash, or through symbolic links. */
  | "serialization"
  /** A listed file's digest is not SHA-256 in lowercase hex. */
  | "resource-digest"
  /** A listed or ignored path is absolute, climbs out of the folder, or is not written in the one canonical way. */
  | "resource-name"
  /** The listed files are not sorted, or one is listed twice. */
  | "resource-order"
  /** The statement's root digest does not follow from its files' digests. */
  | "subject-digest";

export class SignatureError extends Error {
  readonly reason: SignatureReason;

  constructor(reason: SignatureReason, message: string) {
    super(message);
    this.name = "SignatureError";
    this.reason = reason;
  }
}
