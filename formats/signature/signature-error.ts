/** Why a signature is not valid. The reason is stable and short enough for a trace; the message is a sentence for people. */
export type SignatureReason =
  /** The pinned key is not a P-256 or P-384 public key in SPKI PEM. Check MODEL_PUBLIC_KEY. */
  | "key-unreadable"
  /** `model.sig` is not JSON, or not a Sigstore bundle. It was probably truncated. */
  | "bundle-unreadable"
  /** The bundle's version is not v0.3. Sign again with a current tool. */
  | "media-type"
  /** Signed with a certificate or an identity, not with a key. */
  | "signing-method"
  /** The envelope does not have exactly one signature. */
  | "signature-count"
  /** The payload's type is not that of an in-toto statement. */
  | "payload-type"
  /** The bundle names another key than the pinned one. Pin the signer's key, or sign with the pinned one. */
  | "wrong-key"
  /** The signature is malformed, or the pinned key did not make it over these bytes. */
  | "signature-invalid"
  /** Validly signed, but not an in-toto Statement v1 about one model. */
  | "statement-unreadable"
  /** Validly signed, but the statement is not about a model's files. */
  | "predicate-type"
  /** Hashed in a way that is not supported: in shards, with another hash, or through symbolic links. */
  | "serialization"
  /** A listed file's digest is not SHA-256 in lowercase hex. */
  | "resource-digest"
  /** A listed or ignored path is absolute, leaves the folder, or is not in canonical form. */
  | "resource-name"
  /** The listed files are not sorted, or one is listed twice. */
  | "resource-order"
  /** The statement's root digest does not match its files' digests. */
  | "subject-digest";

/** A signature that is not valid, with its reason. */
export class SignatureError extends Error {
  readonly reason: SignatureReason;

  constructor(reason: SignatureReason, message: string) {
    super(message);
    this.name = "SignatureError";
    this.reason = reason;
  }
}
