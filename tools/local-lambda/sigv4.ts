/**
 * Pure. AWS Signature Version 4, as the receiver computes it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac } from "node:crypto";
import { sha256Hex } from "../../formats/sha256.ts";
import type { HttpRequest } from "./http-request.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";

/** `<date>/<region>/<service>/aws4_request` */
export interface CredentialScope {
  /** `YYYYMMDD` */
  date: string;
  region: string;
  service: string;
  terminator: string;
}

interface SigningInput {
  secretAccessKey: string;
  scope: CredentialScope;
  /** `YYYYMMDDTHHMMSSZ` */
  amzDate: string;
  /** Lower-case names. */
  signedHeaders: readonly string[];
}

/** The expected signature of a request, 64 hex digits. */
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

/** The payload's hash is computed from the body, so a wrong `x-amz-content-sha256` results in another signature. */
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

/** Every service except S3 normalizes the path, then percent-encodes the received path once more. */
function canonicalPath(rawPath: string): string {
  const segments: string[] = [];
  for (const segment of rawPath.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(percentEncode(Buffer.from(segment, "latin1")));
  }
  const trailingSlash = segments.length > 0 && /\/\.{0,2}$/.test(rawPath);
  return `/${segments.join("/")}${trailingSlash ? "/" : ""}`;
}

/** Sorted by encoded name, then by encoded value. A missing value is empty; a value without a name is left out. */
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
