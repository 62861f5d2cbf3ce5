/** How every response with a body is made: JSON for one caller, never a page, and no cache keeps it. */

/** Of every response. */
export const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  // With CORS too: this header is about embedding without CORS, which no client needs.
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  // Only this host: the gateway does not know about its subdomains.
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** All headers at once: each that is set later costs as much as three of these. */
export function jsonResponse(body: unknown, status: number, headers: Readonly<Record<string, string>>): Response {
  const all = { "content-type": "application/json", ...SECURITY_HEADERS, ...headers };
  return new Response(JSON.stringify(body), { status, headers: all });
}
