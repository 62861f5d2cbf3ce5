/** A fresh elliptic key pair in PEM, by OpenSSL's name of its curve. */
import { generateKeyPairSync } from "node:crypto";

export function keyPair(namedCurve: string) {
  return generateKeyPairSync("ec", {
    namedCurve,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}
