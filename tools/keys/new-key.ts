/** A key that nobody can guess, and what is stored of it. */
import { createHash, randomBytes } from "node:crypto";
import { ID_ALPHABET, ID_LENGTH, keyText, SECRET_BYTES } from "../../keys/format.ts";

export interface NewKey {
  id: string;
  /** Known only to who gets it: it cannot be had again. */
  key: string;
  sha256: string;
}

export function newKey(): NewKey {
  // 32 letters: five bits of a byte, each as likely as any.
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join("");
  const key = keyText(id, randomBytes(SECRET_BYTES).toString("base64url"));
  return { id, key, sha256: createHash("sha256").update(key).digest("hex") };
}
