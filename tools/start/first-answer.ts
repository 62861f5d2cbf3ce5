/** Checks that an origin answers: a process that listens may still have no model. */
import { randomBytes } from "node:crypto";
import { createSignedFetch, type OriginSettings } from "../../gateway/origin/signed-fetch.ts";

const TIMEOUT_MS = 60_000;
const BODY = JSON.stringify({ text: "hello", maxTokens: 16 });

/**
 * Sends one text, signed as the gateway signs it.
 * @returns the answer's body
 * @throws Error with one sentence when the origin does not answer 200
 */
export async function firstAnswer(origin: OriginSettings): Promise<unknown> {
  // Not sampled, so that the first trace in the viewer is the user's.
  const traceparent = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;
  const ask = createSignedFetch(origin, (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set("traceparent", traceparent);
    return fetch(url, { ...init, headers });
  });
  const response = await ask(BODY, AbortSignal.timeout(TIMEOUT_MS), TIMEOUT_MS);
  if (response.ok) return await response.json();
  throw new Error(
    `The origin answered the first text with ${response.status}; run \`npx spillway model evaluate\` to check its package.`,
  );
}
