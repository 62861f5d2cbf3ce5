/** `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, taken apart. No I/O, no clock. */
import { createHash } from "node:crypto";
import { type AwsError, incompleteSignature } from "./aws-error.ts";
import { ALGORITHM, type CredentialScope } from "./sigv4.ts";

type Authorization = { accessKeyId: string; scope: CredentialScope; signedHeaders: string[]; signature: string };

type Parsed = { ok: true; authorization: Authorization } | { ok: false; refusal: AwsError };

export function parseAuthorization(header: string, amzDate: string): Parsed {
  const [algorithm, ...rest] = header.split(" ");
  const parameters = parametersOf(rest.join(" "));
  const faults = faultsOf(algorithm, parameters, amzDate);
  if (faults.length > 0) return { ok: false, refusal: incompleteSignature(`${faults.join(" ")} ${traceOf(header)}`) };

  const [accessKeyId = "", date = "", region = "", service = "", terminator = ""] = credentialOf(parameters);
  const signedHeaders = (parameters.get("SignedHeaders") ?? "").toLowerCase().split(";");
  const signature = parameters.get("Signature") ?? "";
  const scope = { date, region, service, terminator };
  return { ok: true, authorization: { accessKeyId, scope, signedHeaders, signature } };
}

/** All that is wrong at once, one sentence each, as AWS does it. */
function faultsOf(algorithm: string | undefined, parameters: Map<string, string>, amzDate: string): string[] {
  const faults = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!/^\d{8}T\d{6}Z$/.test(amzDate)) {
    faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (algorithm !== ALGORITHM) faults.unshift("Unsupported AWS 'algorithm'.");
  else if (parameters.get("Credential") && credentialOf(parameters).length !== 5) {
    faults.push("Credential must have exactly 5 slash-delimited elements.");
  }
  return faults;
}

function parametersOf(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of text.split(",")) {
    const [name = "", ...value] = part.trim().split("=");
    parameters.set(name, value.join("="));
  }
  return parameters;
}

function credentialOf(parameters: Map<string, string>): string[] {
  return (parameters.get("Credential") ?? "").split("/");
}

/** What was sent may be somebody's token for something else: AWS repeats its hash, so that a caller can recognize it. */
function traceOf(header: string): string {
  return `(Hashed with SHA-256 and encoded with Base64) Authorization=${createHash("sha256").update(header).digest("base64")}`;
}
