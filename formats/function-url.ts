/** Pure. The address of a Lambda function. */

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
const FUNCTION_URL = /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;

/** @returns the region of a Function URL, which calls of it must be signed for; null for another host, such as a domain of yours */
export function regionOfFunctionUrl(url: string): string | null {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return FUNCTION_URL.exec(host)?.[1] ?? null;
}
