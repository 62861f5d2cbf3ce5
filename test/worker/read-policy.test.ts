/** KV fails a warm isolate, inside workerd: no request waits for it, and the last good policy serves. */

import { expect, it } from "vitest";
import { HAM } from "../support/texts.ts";
import { urlOf } from "./support/faulty.ts";
import { aGateway, ask, classify, handClock, recordingWaits, routingOf } from "./support/gateway.ts";

const failures: [string, () => Promise<string | null>, RegExp][] = [
  ["down", () => Promise.reject(new Error("KV GET failed: 503")), /^KV could not be read/],
  ["silent", () => new Promise(() => {}), /^KV did not answer within 50 ms$/],
  ["behind", async () => '{"version": 6, "edge": {"share": 100}}', /^version 6 is older than 7/],
];
it.each(failures)(
  "%s: the last good policy serves, no request waits for it, /readyz reports it, and it passes",
  async (_, fail, problem) => {
    const hand = handClock();
    const { clock, waits } = recordingWaits(hand);
    let get = async (): Promise<string | null> => '{"version": 7, "override": "origin"}';
    const gateway = aGateway({
      modelId: "mail-tagger@none",
      originUrl: urlOf("ok"),
      clock,
      variables: { POLICIES: { get: () => get() } },
    });
    const way = async () => {
      const response = await classify(gateway, HAM);
      return [response.status, response.headers.get("x-spillway-policy"), routingOf(response).because];
    };
    const readyz = async () =>
      (
        (await (await ask(gateway, new Request("http://gateway/readyz"))).json()) as {
          policy: { version: number; problem: string | null };
        }
      ).policy;
    expect(await way()).toEqual([200, "7", "override"]);
    waits.length = 0;
    get = fail;
    hand.moveMs(5000);
    expect(await way()).toEqual([200, "7", "override"]);
    expect(waits.filter((ms) => ms > 50 && ms < 10_000)).toEqual([]);
    expect(await readyz()).toMatchObject({ version: 7, problem: expect.stringMatching(problem) });
    get = async () => '{"version": 8, "override": "origin"}';
    hand.moveMs(5000);
    expect(await way()).toEqual([200, "8", "override"]);
    expect((await readyz()).problem).toBeNull();
  },
);
