/** `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, taken apart. No I/O, no clock. */
import { createHash } from "node:crypto";
import { type AwsError, incompleteSignature } from "./aws-error.ts";

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
  if (header.trim() === "") return refuse("Authorization header cannot be empty: ''.");
  const [algorithm = "", ...pairs] = header.split(/[\s,]+/).filter((part) => part !== "");
  if (pairs.some((pair) => !pair.includes("="))) {
    return refuse(
      `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hashOf(header)}'.`,
    );
  }
  const parameters = new Map(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const faults = missing(parameters, amzDate);
  if (faults.length > 0) {
    const trace = `(Hashed with SHA-256 and encoded with Base64) Authorization=${hashOf(header)}`;
    return refuse(`${faults.join(" ")} ${trace}`);
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

function refuse(message: string): Parsed {
  return { ok: false, refusal: incompleteSignature(message) };
}
