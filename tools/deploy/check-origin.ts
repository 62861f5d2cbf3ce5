/** Pure. Whether a Worker can call an origin's address, and signs its calls for the right region. */
import { isIP } from "node:net";
import { regionOfFunctionUrl } from "../../formats/function-url.ts";
import { type Finding, ok, placeholderIn, problem, quoted } from "./finding.ts";
import { hasCredentials } from "./secret-shape.ts";

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

export interface OriginAddress {
  url: unknown;
  region: unknown;
  /** The names of the two settings, for the findings: `ORIGIN_URL`, `policy origins.eu.url`. */
  urlName: string;
  regionName: string;
}

/** Reports the first problem of an origin's URL and region. The URL is not shown if it could contain a secret. */
export function checkOrigin({ url, region, urlName, regionName }: OriginAddress): Finding {
  const next = `Set ${urlName} to the stack's output FunctionUrl, for example https://<url-id>.lambda-url.us-east-1.on.aws/`;
  if (typeof url !== "string" || url.trim() === "") return problem(urlName, "is not set", next);
  // First, before a finding shows the URL.
  if (hasCredentials(url)) return problem(urlName, "contains credentials; the gateway signs its calls", next);
  const placeholder = placeholderIn(url);
  if (placeholder !== null) return problem(urlName, `${quoted(url)} ${placeholder}`, next);
  if (!URL.canParse(url)) return problem(urlName, `${quoted(url)} is not a URL`, next);
  const { protocol, hostname, search, hash } = new URL(url);
  if (protocol !== "https:")
    return problem(urlName, `${quoted(url)} is not https: texts would be sent unencrypted`, next);
  // A query is often a token, so it is not shown.
  if (search !== "" || hash !== "") return problem(urlName, "has a query or a fragment", next);
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || !hostname.includes(".")) {
    return problem(urlName, `${hostname} is not a host name that a Worker can call`, next);
  }
  if (typeof region !== "string" || !REGION.test(region)) {
    const message = region === undefined || region === "" ? "is not set" : `is ${quoted(region)}`;
    const nextRegion = "Set it to the function's region, for example us-east-1.";
    return problem(regionName, `${message}; it must be an AWS region`, nextRegion);
  }
  const functionRegion = regionOfFunctionUrl(url);
  if (functionRegion === null) {
    if (/\.on\.aws$/.test(hostname))
      return problem(urlName, `${hostname} is an AWS host, but not a Function URL`, next);
    return ok(urlName, `is your domain ${hostname}; calls are signed for ${region}`);
  }
  if (functionRegion === region) return ok(urlName, `is a Function URL in ${region}; calls are signed for it`);
  const message = `is ${region}, but ${urlName} is in ${functionRegion}: AWS would answer each call with 403`;
  return problem(regionName, message, `Set it to ${functionRegion}.`);
}
