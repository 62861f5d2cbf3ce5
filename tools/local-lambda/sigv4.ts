/**
 * AWS Signature Version 4 as the receiving side computes it. No I/O, no clock.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from "node:crypto";
import type { HttpRequest } from "./http-request.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";

/** `<date>/<region>/<service>/aws4_request` */
export type CredentialScope = { date: string; region: string; service: string; terminator: string };

type SigningInput = {
  secretAccessKey: string;
  scope: CredentialScope;
  /** `YYYYMMDDTHHMMSSZ` */
  amzDate: string;
  signedHeaders: readonly string[];
};

/** The signature, 64 hex digits, that the holder of the secret would have computed for this request. */
export function signatureOf(request: HttpRequest, input: SigningInput): string {
  const { date, region, service, terminator } = input.scope;
  const stringToSign = [
    ALGORITHM,
    input.amzDate,
    `${date}/${region}/${service}/${terminator}`,
    sha256Hex(canonicalRequest(request, input.signedHeaders)),
  ].join("\n");
  const signingKey = [region, service, terminator].reduce<Buffer>(hmac, hmac(`AWS4${input.secretAccessKey}`, date));
  return hmac(signingKey, stringToSign).toString("hex");
}

/** The payload's hash is computed from the body: an `x-amz-content-sha256` that says otherwise ends in another signature. */
function canonicalRequest(request: HttpRequest, signedHeaders: readonly string[]): string {
  return [
    request.method,
    canonicalPath(request.rawPath),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map((name) => `${name}:${canonicalHeader(request.headers.get(name) ?? [])}`),
    "",
    signedHeaders.join(";"),
    sha256Hex(request.body),
  ].join("\n");
}

/** Every service but S3 normalizes the path, then encodes what came over the wire once more. */
function canonicalPath(rawPath: string): string {
  const segments: string[] = [];
  for (const segment of rawPath.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(percentEncode(Buffer.from(segment, "latin1")));
  }
  const trailingSlash = segments.length > 0 && /\/\.{0,2}$/.test(rawPath);
  return `/${segments.join("/")}${trailingSlash ? "/" : ""}`;
}

/** Sorted by encoded name, then by encoded value; a name without a value gets an empty one, a value without a name is left out. */
function canonicalQuery(rawQuery: string): string {
  return [...new URLSearchParams(rawQuery)]
    .filter(([name]) => name !== "")
    .map((pair) => pair.map((part) => percentEncode(Buffer.from(part))))
    .sort(([nameA = "", valueA = ""], [nameB = "", valueB = ""]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalHeader(values: readonly string[]): string {
  return values.map((value) => value.trim().replace(/\s+/g, " ")).join(",");
}

function percentEncode(bytes: Buffer): string {
  return [...bytes]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

function sha256Hex(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
