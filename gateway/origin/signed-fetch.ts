/** The adapter around aws4fetch: signs a buffered body and only those headers that nothing rewrites on the way. */
import { AwsClient } from "aws4fetch";
import { TIMEOUT_HEADER } from "../../formats/origin-wire.ts";

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials; null for those of an IAM user. */
  sessionToken?: string | null;
}

export interface OriginSettings extends AwsCredentials {
  url: string;
  region: string;
}

/** `signal` aborts after `timeoutMs`; a header passes the time on to the origin. */
export type SignedFetch = (body: string, signal: AbortSignal, timeoutMs: number) => Promise<Response>;

/** `send` may add headers: only the headers of this file are signed. */
export function createSignedFetch(settings: OriginSettings, send: typeof fetch): SignedFetch {
  const { url, region, accessKeyId, secretAccessKey, sessionToken } = settings;
  // aws4fetch retries ten times by default, which would hide failures from the breaker. Only `sign` is used.
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const client = new AwsClient({ ...keys, region, service: "lambda", retries: 0 });
  return async (body, signal, timeoutMs) => {
    const signed = await client.sign(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    const headers = new Headers(signed.headers);
    headers.set(TIMEOUT_HEADER, String(timeoutMs));
    // A redirect would carry the text to an address that no policy names.
    return send(signed.url, { method: "POST", headers, body, signal, redirect: "manual" });
  };
}
