/** SHA-256 in lowercase hex, by WebCrypto. For what fits in memory; files are hashed as they stream. */
import { encodeHex } from "./hex.ts";

export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
