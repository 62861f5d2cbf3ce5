/**
 * Lets in what AWS would let in: header authentication for service `lambda`. No clock of its own.
 *
 * A request sent again with the same signature within the five minutes is accepted, here as on AWS: SigV4 has no nonce. What
 * it does bind is the method, path, query, signed headers and body, so a replay can only repeat the same classification, and
 * whoever could replay it has read it first: it leaves the Worker over TLS alone. After the five minutes it has expired.
 *
 * Of several faults AWS tells the first in its own order: what is missing, date, signed host, algorithm, scope, key, signature.
 */
import { createHash, timingSafeEqual } from "node:crypto";
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

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

type SignatureCheck = { ok: true } | { ok: false; refusal: AwsError };

/** AWS names it in its message: "(20171026T170054Z - 5 min.)". */
const SKEW_MINUTES = 5;

export function verifySignature(
  request: HttpRequest,
  credentials: Credentials,
  region: string,
  nowMs: number,
): SignatureCheck {
  const header = headerOf(request, "authorization");
  if (header === undefined) return refuse(FORBIDDEN);
  const amzDate = headerOf(request, "x-amz-date");
  const parsed = parseAuthorization(header, amzDate);
  if (!parsed.ok) return refuse(parsed.refusal);
  return verifyAuthorization(request, parsed.authorization, amzDate ?? "", { credentials, region, nowMs });
}

type Side = { credentials: Credentials; region: string; nowMs: number };

function verifyAuthorization(
  request: HttpRequest,
  { algorithm, credential, signedHeaders, signature }: Authorization,
  amzDate: string,
  { credentials, region, nowMs }: Side,
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

function formRefusal(signedHeaders: readonly string[], algorithm: string, credential: string): AwsError | undefined {
  if (!signedHeaders.includes("host")) {
    return invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (algorithm !== ALGORITHM) return incompleteSignature("Unsupported AWS 'algorithm'.");
  if (credential.split("/").length === 5) return undefined;
  return incompleteSignature(
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
  );
}

/** All that is wrong at once. The region that was asked for is not repeated, and each sentence ends with a space, as on AWS. */
function scopeRefusal(scope: CredentialScope, region: string, amzDate: string): AwsError | undefined {
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
  return wrong.length > 0 ? invalidSignature(wrong.join("")) : undefined;
}

function dateRefusal(amzDate: string, nowMs: number): AwsError | undefined {
  const skewMs = SKEW_MINUTES * 60_000;
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
      `Signature expired: ${amzDate} is now earlier than ${earliest} (${now} - ${SKEW_MINUTES} min.)`,
    );
  }
  if (signedAtMs > nowMs + skewMs) {
    const latest = toAmzDate(nowMs + skewMs);
    return invalidSignature(
      `Signature not yet current: ${amzDate} is still later than ${latest} (${now} + ${SKEW_MINUTES} min.)`,
    );
  }
  return undefined;
}

function clientRefusal(request: HttpRequest, accessKeyId: string, credentials: Credentials): AwsError | undefined {
  const tokenHolds = equal(headerOf(request, "x-amz-security-token") ?? "", credentials.sessionToken ?? "");
  return accessKeyId === credentials.accessKeyId && tokenHolds ? undefined : UNKNOWN_CLIENT;
}

/** The header is optional; one that contradicts the body is an altered body. Lambda takes no unsigned payloads. */
function payloadHashHolds(request: HttpRequest): boolean {
  const claimed = headerOf(request, "x-amz-content-sha256");
  return claimed === undefined || equal(claimed, createHash("sha256").update(request.body).digest("hex"));
}

/** Of digests, so that neither content nor length can be timed. */
function equal(a: string, b: string): boolean {
  const digest = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function toAmzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function refuse(refusal: AwsError): SignatureCheck & { ok: false } {
  return { ok: false, refusal };
}

/** `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, taken apart. No I/O, no clock. */

/** As it was written: whether its parts say something that holds is for verify-signature.ts. */
export type Authorization = {
  algorithm: string;
  /** `<access key>/<date>/<region>/<service>/aws4_request` */
  credential: string;
  signedHeaders: string[];
  signature: string;
};

type Parsed = { ok: true; authorization: Authorization } | { ok: false; refusal: AwsError };

/** @param amzDate undefined where the request has no date at all, which AWS finds out together with what is missing here */
export function parseAuthorization(header: string, amzDate: string | undefined): Parsed {
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

/** All that is missing at once, one sentence each, as AWS does it. */
function missing(parameters: ReadonlyMap<string, string>, amzDate: string | undefined): string[] {
  const faults = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!amzDate) faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  return faults;
}

/** What was sent may be somebody's token for something else: AWS repeats its hash, so that a caller can recognize it. */
function hashOf(header: string): string {
  return createHash("sha256").update(header).digest("base64");
}

function malformedHeader(message: string): Parsed {
  return { ok: false, refusal: incompleteSignature(message) };
}
