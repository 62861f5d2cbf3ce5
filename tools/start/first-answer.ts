/** Asks an origin for one real answer, signed as the gateway signs: an instance that started may still have no model. */
import { randomBytes } from "node:crypto";
import { AwsClient } from "aws4fetch";

export interface OriginAddress {
  url: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** @throws Error with one sentence for people when the origin does not answer 200. */
export async function firstAnswer({ url, region, accessKeyId, secretAccessKey }: OriginAddress): Promise<void> {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "lambda", retries: 0 });
  const body = JSON.stringify({ text: "hello", maxTokens: 16 });
  const signed = await client.sign(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  // Not sampled: the viewer opens on the user's own requests.
  signed.headers.set("traceparent", `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`);
  const response = await fetch(signed.url, { method: "POST", headers: signed.headers, body });
  if (!response.ok)
    throw new Error(
      `The origin answered a first text with ${response.status}; \`npx spillway model evaluate\` says whether its package can be run.`,
    );
}
