/** Pure. A line of a child's output without the URL of a request: wrangler's proxy reports a request that failed with its whole URL. */

/** `POST http://127.0.0.1:8787/any/text?of=a-caller`. The caller chooses the host, too. */
const REQUEST = /([A-Z]{3,10}) https?:\/\/\S*/g;
/** A message of wrangler's proxy about one request. What follows the colon is made of the request. */
const PROXY_MESSAGE = /(ProxyWorker\b[^:]*:) .*/;

/** @returns the line with `<url>` instead of a request's URL. An address without a method, such as that of a backend, is kept. */
export function withoutRequestUrls(line: string): string {
  return line.replace(PROXY_MESSAGE, "$1 a request's connection ended").replace(REQUEST, "$1 <url>");
}
