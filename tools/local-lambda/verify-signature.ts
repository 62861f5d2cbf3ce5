/**
 * Pure. Verifies a request's signature as AWS does: SigV4 in the Authorization header, for the service `lambda`.
 *
 * A repeated request with the same signature is accepted for five minutes, as on AWS: SigV4 has no nonce. The signature covers
 * method, path, query, signed headers and body, so a replay can only repeat the same classification. Replaying requires reading the
 * request first, and it leaves the Worker over TLS only.
 *
 * If several things are wrong, AWS reports the first in this order: missing parts, date, signed host, algorithm, scope, key,
 * signature.
 */
import { timingSafeEqual } from "node:crypto";
import { encodeBase64 } from "../../formats/encodings.ts";
import { sha256, sha256Hex } from "../../formats/sha256.ts";
import {
  type AwsError,
  FORBIDDEN,
  incompleteSignature,
  invalidSignature,
  SIGNATURE_MISMATCH,
  UNKNOWN_CLIENT,
} from "./aws-error.ts";
import { type HttpRequest, headerOf } from "./http-request.ts";
import { ALGORITHM, type CredentialScope, signatureOf } from "./sigv4.ts";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

type SignatureCheck = { ok: true } | { ok: false; refusal: AwsError };

/** Part of AWS's message: "(20171026T170054Z - 5 min.)". */
const MAX_SKEW_MINUTES = 5;

/** @param region the region of this Function URL @param nowMs Unix time */
export function verifySignature(
  request: HttpRequest,
  credentials: Credentials,
  region: string,
  nowMs: number,
): SignatureCheck {
  const header = headerOf(request, "authorization");
  if (header === null) return refuse(FORBIDDEN);
  const amzDate = headerOf(request, "x-amz-date");
  const parsed = parseAuthorization(header, amzDate);
  if (!parsed.ok) return refuse(parsed.refusal);
  return verifyAuthorization(request, parsed.authorization, amzDate ?? "", { credentials, region, nowMs });
}

interface Verifier {
  credentials: Credentials;
  region: string;
  nowMs: number;
}

function verifyAuthorization(
  request: HttpRequest,
  { algorithm, credential, signedHeaders, signature }: Authorization,
  amzDate: string,
  { credentials, region, nowMs }: Verifier,
): SignatureCheck {
  const [accessKeyId = "", date = "", scopeRegion = "", service = "", terminator = ""] = credential.split("/");
  const scope = { date, region: scopeRegion, service, terminator };
  const refusal =
    dateRefusal(amzDate, nowMs) ??
    formRefusal(signedHeaders, algorithm, credential) ??
    scopeRefusal(scope, region, amzDate) ??
    clientRefusal(request, accessKeyId, credentials);
  if (refusal) return refuse(refusal);

  const { secretAccessKey } = credentials;
  const expected = signatureOf(request, { secretAccessKey, scope, amzDate, signedHeaders });
  const dateIsSigned = signedHeaders.includes("x-amz-date");
  return dateIsSigned && payloadHashHolds(request) && equal(signature, expected)
    ? { ok: true }
    : refuse(SIGNATURE_MISMATCH);
}

function formRefusal(signedHeaders: readonly string[], algorithm: string, credential: string): AwsError | null {
  if (!signedHeaders.includes("host")) {
    return invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (algorithm !== ALGORITHM) return incompleteSignature("Unsupported AWS 'algorithm'.");
  if (credential.split("/").length === 5) return null;
  return incompleteSignature(
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
  );
}

/** All faults at once. The requested region is not repeated, and each sentence ends with a space, as on AWS. */
function scopeRefusal(scope: CredentialScope, region: string, amzDate: string): AwsError | null {
  const wrong: string[] = [];
  if (scope.region !== region) wrong.push("Credential should be scoped to a valid region. ");
  if (scope.service !== "lambda") wrong.push("Credential should be scoped to correct service: 'lambda'. ");
  if (scope.terminator !== "aws4_request") {
    wrong.push(`Credential should be scoped with a valid terminator: 'aws4_request', not '${scope.terminator}'. `);
  }
  if (scope.date !== amzDate.slice(0, 8)) {
    wrong.push(
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
        `'${scope.date}' != '${amzDate.slice(0, 8)}', from '${amzDate}'.`,
    );
  }
  return wrong.length > 0 ? invalidSignature(wrong.join("")) : null;
}

function dateRefusal(amzDate: string, nowMs: number): AwsError | null {
  const skewMs = MAX_SKEW_MINUTES * 60_000;
  const [, ...digits] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate) ?? [];
  const [year, month, day, hour, minute, second] = digits;
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAtMs)) {
    return incompleteSignature(
      `Date must be in ISO-8601 'basic format'. Got '${amzDate}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  const now = toAmzDate(nowMs);
  if (signedAtMs < nowMs - skewMs) {
    const earliest = toAmzDate(nowMs - skewMs);
    return invalidSignature(
      `Signature expired: ${amzDate} is now earlier than ${earliest} (${now} - ${MAX_SKEW_MINUTES} min.)`,
    );
  }
  if (signedAtMs > nowMs + skewMs) {
    const latest = toAmzDate(nowMs + skewMs);
    return invalidSignature(
      `Signature not yet current: ${amzDate} is still later than ${latest} (${now} + ${MAX_SKEW_MINUTES} min.)`,
    );
  }
  return null;
}

function clientRefusal(request: HttpRequest, accessKeyId: string, credentials: Credentials): AwsError | null {
  const tokenHolds = equal(headerOf(request, "x-amz-security-token") ?? "", credentials.sessionToken ?? "");
  return accessKeyId === credentials.accessKeyId && tokenHolds ? null : UNKNOWN_CLIENT;
}

/** The header is optional. If it does not match, the body was altered. Lambda does not accept unsigned payloads. */
function payloadHashHolds(request: HttpRequest): boolean {
  const claimed = headerOf(request, "x-amz-content-sha256");
  return claimed === null || equal(claimed, sha256Hex(request.body));
}

/** Compares digests, so that the time depends neither on the content nor on the length. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function toAmzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function refuse(refusal: AwsError): SignatureCheck & { ok: false } {
  return { ok: false, refusal };
}

/** The parts of `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, not verified. */
interface Authorization {
  algorithm: string;
  /** `<access key>/<date>/<region>/<service>/aws4_request` */
  credential: string;
  signedHeaders: string[];
  signature: string;
}

type Parsed = { ok: true; authorization: Authorization } | { ok: false; refusal: AwsError };

/** @param amzDate null if the request has no date, which AWS reports together with missing parts */
function parseAuthorization(header: string, amzDate: string | null): Parsed {
  if (header.trim() === "") return malformedHeader("Authorization header cannot be empty: ''.");
  const [algorithm = "", ...pairs] = header.split(/[\s,]+/).filter((part) => part !== "");
  if (pairs.some((pair) => !pair.includes("="))) {
    return malformedHeader(
      `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hashOf(header)}'.`,
    );
  }
  const parameters = new Map(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const faults = missing(parameters, amzDate);
  if (faults.length > 0) {
    const trace = `(Hashed with SHA-256 and encoded with Base64) Authorization=${hashOf(header)}`;
    return malformedHeader(`${faults.join(" ")} ${trace}`);
  }
  const authorization = {
    algorithm,
    credential: parameters.get("Credential") ?? "",
    signedHeaders: (parameters.get("SignedHeaders") ?? "").toLowerCase().split(";"),
    signature: parameters.get("Signature") ?? "",
  };
  return { ok: true, authorization };
}

/** All missing parts, one sentence each, as on AWS. */
function missing(parameters: ReadonlyMap<string, string>, amzDate: string | null): string[] {
  const faults = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!amzDate) faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  return faults;
}

/** The header may hold a token for another service, so AWS quotes only its hash. */
function hashOf(header: string): string {
  return encodeBase64(sha256(header));
}

function malformedHeader(message: string): Parsed {
  return { ok: false, refusal: incompleteSignature(message) };
}
