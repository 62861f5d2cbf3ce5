/** The adapter around aws4fetch: signs a buffered body and only those headers that nothing rewrites on the way. */
import { AwsV4Signer } from "aws4fetch";
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
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  // The day's signing key: four digests that are the same for each call.
  const cache = new Map<string, ArrayBuffer>();
  const call = { method: "POST", url, region, service: "lambda", cache, ...keys };
  return async (body, signal, timeoutMs) => {
    const signer = new AwsV4Signer({ ...call, body, headers: { "content-type": "application/json" } });
    const { url: signedUrl, headers } = await signer.sign();
    headers.set(TIMEOUT_HEADER, String(timeoutMs));
    // A redirect would carry the text to an address that no policy names.
    return send(signedUrl.href, { method: "POST", headers, body, signal, redirect: "manual" });
  };
}
