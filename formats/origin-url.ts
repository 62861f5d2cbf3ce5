/** Which addresses of an origin are accepted: texts and signatures travel there. Pure. */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * @returns why the address is refused, to follow its name; null if it is accepted. The URL is not shown: it could contain a secret.
 */
export function originUrlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol))
    return "is not an https URL; set it to the stack's output FunctionUrl";
  if (url.username !== "" || url.password !== "") return "contains credentials; the gateway signs its calls";
  if (url.protocol === "https:" || LOOPBACK.test(url.hostname)) return null;
  return "is http, which is accepted for this machine (loopback) only: texts would be readable on their way; use https";
}
