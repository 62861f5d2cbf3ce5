/**
 * The curves a package may be signed with, each with its hash.
 * Source: the algorithm registry of OpenSSF Model Signing v1.0. P-521, which it also has, is not supported here.
 */
export interface Curve {
  name: "P-256" | "P-384";
  hash: "SHA-256" | "SHA-384";
  /** Of each of the signature's two integers and of each of a point's two coordinates. */
  integerBytes: 32 | 48;
  /** What a public key's SPKI begins with, up to the coordinates: named curve, uncompressed point (RFC 5480 §2). Hex. */
  spkiHeader: string;
}

const P256: Curve = {
  name: "P-256",
  hash: "SHA-256",
  integerBytes: 32,
  spkiHeader: "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
};

const P384: Curve = {
  name: "P-384",
  hash: "SHA-384",
  integerBytes: 48,
  spkiHeader: "3076301006072a8648ce3d020106052b8104002203620004",
};

export const curves: readonly Curve[] = [P256, P384];
