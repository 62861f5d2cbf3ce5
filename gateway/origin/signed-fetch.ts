/** The one place that knows aws4fetch: signs a buffered body with only the headers that nothing rewrites on the way. */
import { AwsClient } from "aws4fetch";

export interface OriginSettings {
  url: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export type SignedFetch = (body: string, signal: AbortSignal) => Promise<Response>;

export function createSignedFetch({ url, region, accessKeyId, secretAccessKey }: OriginSettings): SignedFetch {
  // aws4fetch retries ten times by default, which would hide failures from the breaker; here only `sign` is used at all.
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "lambda", retries: 0 });
  return async (body, signal) => {
    const signed = await client.sign(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    // `traceparent` is added by the tracing fetch after this, so it must not be among the signed headers; it is not.
    return fetch(signed.url, { method: "POST", headers: signed.headers, body, signal });
  };
}
