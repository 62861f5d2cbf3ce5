/** The one place that knows aws4fetch: signs a buffered body with only the headers that nothing rewrites on the way. */
import { AwsClient } from "aws4fetch";
import { TIMEOUT_HEADER } from "../../formats/origin-wire.ts";

export interface OriginSettings {
  url: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** `timeoutMs` is when `signal` will have ended it: the origin is told. */
export type SignedFetch = (body: string, signal: AbortSignal, timeoutMs: number) => Promise<Response>;

/** `send` does the fetching; it may add headers, since only those given here are signed. */
export function createSignedFetch(settings: OriginSettings, send: typeof fetch): SignedFetch {
  const { url, region, accessKeyId, secretAccessKey } = settings;
  // aws4fetch retries ten times by default, which would hide failures from the breaker; here only `sign` is used at all.
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "lambda", retries: 0 });
  return async (body, signal, timeoutMs) => {
    const signed = await client.sign(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    const headers = new Headers(signed.headers);
    headers.set(TIMEOUT_HEADER, String(timeoutMs));
    // A redirect would carry the text to an address that no policy names.
    return send(signed.url, { method: "POST", headers, body, signal, redirect: "manual" });
  };
}
