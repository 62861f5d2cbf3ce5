/** A gateway that requires keys, and requests to it from different addresses. */
import type { Gateway } from "../../../gateway/compose.ts";
import type { Report } from "../../../gateway/record/events.ts";
import { HAM } from "../../support/texts.ts";
import { urlOf } from "../support/faulty.ts";
import { aGateway, ask as askGateway, classify, type HandClock, handClock } from "../support/gateway.ts";

export const STARTED_MS = Date.parse("2026-11-01T00:00:00Z");

/** Keys are required unless the variables allow anonymous access. The edge has no model, so the origin answers. */
export function aKeyedGateway(
  variables: object = {},
  clock: HandClock = handClock(STARTED_MS),
  report?: Report,
): Gateway {
  return aGateway({
    modelId: "mail-tagger@none",
    originUrl: urlOf("ok"),
    clock,
    variables: { ANONYMOUS_ACCESS: "refused", ...variables },
    ...(report && { report }),
  });
}

export async function ask(gateway: Gateway, headers: Record<string, string> = {}, inputs: unknown = HAM) {
  const response = await classify(gateway, inputs, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export async function statusOf(...asked: Parameters<typeof ask>): Promise<number> {
  return (await ask(...asked)).status;
}

/** A GET of /readyz. */
export async function readyz(gateway: Gateway, headers: Record<string, string> = {}) {
  const request = new Request("http://gateway/readyz", { headers });
  const response = await askGateway(gateway, request);
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** The same key with another secret. */
export const withOtherSecret = (key: string) => `${key.slice(0, -2)}${key.endsWith("AA") ? "BB" : "AA"}`;

/** Sends requests until one is refused. The minute may end in between, so up to twice the limit can be accepted. */
export async function untilRefused(limit: number, send: () => ReturnType<typeof ask>) {
  for (let accepted = 0; accepted <= 2 * limit; accepted++) {
    const answer = await send();
    if (answer.status === 429) return { accepted, ...answer };
  }
  throw new Error(`${2 * limit} requests were accepted`);
}
