/**
 * Pure. The deployment's origin and the credentials that calls are signed with, or why they cannot be used. A wrong value would fail at
 * every call, and the breaker would count it as a failure of the origin's network.
 */
import { regionOfFunctionUrl } from "../../formats/function-url.ts";
import { originUrlProblem } from "../../formats/origin-url.ts";
import type { AwsCredentials } from "./signed-fetch.ts";

export interface OriginVariables {
  ORIGIN_URL: string;
  ORIGIN_REGION: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  /** Of temporary credentials, which end: only for a test or with something that renews them. */
  AWS_SESSION_TOKEN?: string;
}

export interface OriginDeployment {
  deployed: { url: string; region: string };
  credentials: AwsCredentials;
  /** One sentence each, without values of secrets. While there is one, no origin is called. */
  problems: readonly string[];
}

const KEY_ID = /^\w+$/;
/** Base64, also in its form for URLs. */
const SECRET = /^[\w/+=-]+$/;
const REGION = /^[a-z0-9-]+$/;

/** Reads the variables without the white space, line breaks and byte order marks around them. */
export function readOriginVariables(variables: OriginVariables): OriginDeployment {
  const problems: string[] = [];
  const read = (name: keyof OriginVariables): string => {
    const value: unknown = variables[name];
    return typeof value === "string" ? value.trim() : "";
  };
  const required = (name: keyof OriginVariables, check: (value: string) => string | null): string => {
    const value = read(name);
    const problem = value === "" ? "is not set" : check(value);
    if (problem !== null) problems.push(`${name} ${problem}`);
    return value;
  };
  const url = required("ORIGIN_URL", originUrlProblem);
  const region = required("ORIGIN_REGION", (value) => problemOfRegion(value, url));
  const accessKeyId = required("AWS_ACCESS_KEY_ID", (value) => matches(value, KEY_ID));
  const secretAccessKey = required("AWS_SECRET_ACCESS_KEY", (value) => matches(value, SECRET));
  const sessionToken = read("AWS_SESSION_TOKEN") || null;
  const tokenProblem = sessionToken === null ? missingToken(accessKeyId) : matches(sessionToken, SECRET);
  if (tokenProblem !== null) problems.push(`AWS_SESSION_TOKEN ${tokenProblem}`);
  return { deployed: { url, region }, credentials: { accessKeyId, secretAccessKey, sessionToken }, problems };
}

function matches(value: string, form: RegExp): string | null {
  if (form.test(value)) return null;
  if (/^(["']).*\1$/s.test(value)) return "is in quotes; store it again without them";
  return "contains a space, a line break or another character that AWS never uses; store it again, for example with npx wrangler secret put";
}

/** The values of `aws sts` and `aws sso` begin with ASIA. */
function missingToken(accessKeyId: string): string | null {
  if (!accessKeyId.startsWith("ASIA")) return null;
  return "is not set, but AWS_ACCESS_KEY_ID is temporary (ASIA…); set it too, or use the key of an IAM user";
}

function problemOfRegion(region: string, url: string): string | null {
  if (!REGION.test(region)) return `is ${JSON.stringify(region)}; it must be an AWS region, as in us-east-1`;
  const needed = regionOfFunctionUrl(url);
  if (needed === null || needed === region) return null;
  return `is ${region}, but ORIGIN_URL is in ${needed}: AWS would answer each call with 403; set it to ${needed}`;
}
