/** The secret that a request sends, and whether it is the expected one. Pure. */
import { timingSafeEqual } from "node:crypto";
import { sha256 } from "./sha256.ts";

/** @returns the bearer token; null without the header, empty when the header holds something else */
export function bearerOf(headers: { get(name: string): string | null }): string | null {
  const header = headers.get("authorization");
  return header === null ? null : (/^bearer +(\S+)$/i.exec(header.trim())?.[1] ?? "");
}

/**
 * Compares a secret with the expected one by their digests, in a time that does not depend on where they differ.
 * @param expectedHex SHA-256 of the expected secret, 64 hex digits
 */
export function hasDigest(text: string, expectedHex: string): boolean {
  return timingSafeEqual(sha256(text), Buffer.from(expectedHex, "hex"));
}
