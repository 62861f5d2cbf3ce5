/** Pure. Whether an origin's address is one that a Worker can call, signed for the region that it is in. */
import { isIP } from "node:net";
import { type Finding, ok, placeholderIn, problem, quoted } from "./finding.ts";
import { hasCredentials } from "./secret-shape.ts";

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
const FUNCTION_URL = /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

export interface OriginAddress {
  url: unknown;
  region: unknown;
  /** How the two are called where they are set. */
  urlName: string;
  regionName: string;
}

export function checkOrigin({ url, region, urlName, regionName }: OriginAddress): Finding {
  const set = `set ${urlName} to the Function URL that the stack's outputs show, as in https://<url-id>.lambda-url.us-east-1.on.aws/`;
  if (typeof url !== "string" || url.trim() === "") return problem(urlName, "is not set", set);
  // Before anything that would show it.
  if (hasCredentials(url)) return problem(urlName, "has credentials in it", `${set}; the gateway signs`);
  const placeholder = placeholderIn(url);
  if (placeholder !== null) return problem(urlName, `${quoted(url)} ${placeholder}`, set);
  if (!URL.canParse(url)) return problem(urlName, `${quoted(url)} is no URL`, set);
  const { protocol, hostname, search, hash } = new URL(url);
  if (protocol !== "https:")
    return problem(urlName, `${quoted(url)} is not https: texts would travel in the clear`, set);
  // Often a token, so it is not shown.
  if (search !== "" || hash !== "") return problem(urlName, "has a query or a fragment", set);
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || !hostname.includes(".")) {
    return problem(urlName, `${hostname} is no name that a Worker could call`, set);
  }
  if (typeof region !== "string" || !REGION.test(region)) {
    const says = region === undefined || region === "" ? "is not set" : `is ${quoted(region)}`;
    return problem(regionName, `${says}; it must be an AWS region`, "set it to the function's region, as in us-east-1");
  }
  const functionRegion = FUNCTION_URL.exec(hostname)?.[1];
  if (functionRegion === undefined) {
    if (/\.on\.aws$/.test(hostname)) return problem(urlName, `${hostname} is at AWS, but no Function URL`, set);
    return ok(urlName, `is your own name ${hostname}, signed for ${region}`);
  }
  if (functionRegion === region) return ok(urlName, `is a Function URL in ${region}, and calls are signed for it`);
  const says = `is ${region}, but ${urlName} is in ${functionRegion}: each call would be answered 403`;
  return problem(regionName, says, `set it to ${functionRegion}`);
}
