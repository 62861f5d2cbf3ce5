/**
 * The outer layers of a model signature: a Sigstore bundle v0.3 around a DSSE envelope. Only the payload and its type are
 * signed, so nothing else in them is trusted.
 * Sources: OpenSSF Model Signing v1.0 §4 and its schemas; DSSE v1.0, protocol.
 */
import * as z from "zod";
import { decodeBase64, encodeBase64, utf8 } from "../encodings.ts";
import { firstIssue } from "../first-issue.ts";
import { parseJson } from "../json.ts";
import { SignatureError } from "./signature-error.ts";

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

const signatureSchema = z.strictObject({ sig: z.string().min(1), keyid: z.string().nullish() });

const bundleSchema = z.strictObject({
  mediaType: z.string(),
  verificationMaterial: z.looseObject({
    /** Before version 1.1, the reference implementation wrote the key itself, as `rawBytes`. */
    publicKey: z.object({ hint: z.string().nullish(), rawBytes: z.string().nullish() }).nullish(),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.string().min(1),
    payloadType: z.string(),
    signatures: z.array(signatureSchema),
  }),
});

export interface Envelope {
  payload: Uint8Array<ArrayBuffer>;
  /** DER */
  signature: Uint8Array<ArrayBuffer>;
  /** Fingerprint of the key that the bundle names; null if it names none. Not signed. */
  keyHint: string | null;
  /** The key that the bundle contains; null if it contains none. Not signed. */
  keyBytes: Uint8Array<ArrayBuffer> | null;
}

/** Takes a bundle apart without verifying it. @throws SignatureError */
export function openBundle(json: string): Envelope {
  const value = parseJson(json);
  if (value === undefined) throw unreadable("it is not JSON, probably because it was truncated");
  const parsed = bundleSchema.safeParse(value);
  if (!parsed.success) throw unreadable(firstIssue(parsed.error));
  const { mediaType, verificationMaterial, dsseEnvelope } = parsed.data;
  if (mediaType !== MEDIA_TYPE) {
    throw new SignatureError("media-type", `The bundle is of type ${mediaType}; only ${MEDIA_TYPE} is supported.`);
  }
  const { publicKey } = verificationMaterial;
  if (!publicKey || "certificate" in verificationMaterial || "x509CertificateChain" in verificationMaterial) {
    throw new SignatureError("signing-method", "The model was signed with a certificate; sign it with a key instead.");
  }
  if (dsseEnvelope.payloadType !== PAYLOAD_TYPE) {
    throw new SignatureError(
      "payload-type",
      `The payload is of type ${dsseEnvelope.payloadType}, not ${PAYLOAD_TYPE}.`,
    );
  }
  const [only, ...more] = dsseEnvelope.signatures;
  if (only === undefined || more.length > 0) {
    const count = dsseEnvelope.signatures.length;
    throw new SignatureError("signature-count", `The bundle has ${count} signatures; it must have exactly one.`);
  }
  return {
    payload: bytesOf(dsseEnvelope.payload, "payload"),
    signature: bytesOf(only.sig, "signature"),
    keyHint: publicKey.hint || null,
    keyBytes: publicKey.rawBytes ? bytesOf(publicKey.rawBytes, "public key") : null,
  };
}

/** A bundle as the reference implementation writes it. @param signature DER */
export function writeBundle(payload: Uint8Array, signature: Uint8Array, keyHint: string): string {
  const bundle = {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: keyHint }, tlogEntries: [] },
    dsseEnvelope: {
      payload: encodeBase64(payload),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: encodeBase64(signature), keyid: "" }],
    },
  };
  return `${JSON.stringify(bundle, null, 2)}\n`;
}

/** The bytes that the signature covers: DSSE's pre-authentication encoding, which includes the payload's type. Lengths are in bytes. */
export function signedBytes(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

function bytesOf(base64: string, what: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64(base64);
  if (bytes === null) throw unreadable(`its ${what} is not base64`);
  return bytes;
}

function unreadable(detail: string): SignatureError {
  return new SignatureError("bundle-unreadable", `The signature is not a Sigstore bundle: ${detail}.`);
}
