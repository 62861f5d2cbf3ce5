/** Attacks by many requests: a throttled origin, strangers' traces, wrong keys, hang-ups, a policy that is too large. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { newKey } from "../../spillway/keys/repository.ts";
import type { Attack, Target } from "./attack.ts";

/** Of the gateway's bound for callers without a key: gateway/telemetry/sampling.ts. Two, if a minute ends during the attack. */
const MAX_STRANGERS_TRACES = 20;
const LONG_TEXT = "Please read the minutes of the meeting, which are attached. ".repeat(100);
/** Log records and metrics are collected for 5 s; a trace is sent at once. */
const EXPORTED_AFTER_MS = 500;
const HANG_UPS = "hang-ups";

/** @param word that a stranger tries to put into telemetry */
export function floods(word: string): Attack[] {
  return [throttledOrigin(), strangers(word), hangUps(), largePolicy(), wrongKeys()];
}

/** A key at the lowest rate uses up the origin's concurrency. */
function throttledOrigin(): Attack {
  const once = async ({ url, smallKey }: Target) => {
    const inputs = Array.from({ length: 4 }, () => LONG_TEXT);
    const all = Array.from({ length: 5 }, () =>
      post(url, JSON.stringify({ inputs }), { authorization: `Bearer ${smallKey}` }),
    );
    await Promise.all(all);
  };
  return {
    name: "an origin without free concurrency",
    bounds: null,
    others: "long",
    async begin(target) {
      target.origin.throttle();
      // The isolate finds out how many calls the origin accepts.
      await once(target);
    },
    once,
    end: ({ origin }) => {
      origin.behave();
      return null;
    },
  };
}

/** Requests without a key, sampled by the caller, with words of its choice. */
function strangers(word: string): Attack {
  let before = 0;
  const ids = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  return {
    name: "traces of strangers",
    bounds: null,
    others: "short",
    begin: ({ sink }) => {
      before = sink.traces();
    },
    async once({ url }) {
      const headers = { traceparent: `00${ids}`, tracestate: `${word}=1`, host: `${word}.example` };
      const requests = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0
          ? fetch(`${url}/${word}`, { headers })
          : fetch(`${url}/v1/classify`, { method: "POST", headers, body: "{}" }),
      );
      await Promise.all(requests.map(async (request) => (await request).arrayBuffer()));
    },
    async end({ sink }) {
      await sleep(EXPORTED_AFTER_MS);
      const traces = sink.traces() - before;
      if (sink.hasSeen(word)) return "a stranger's word is in telemetry";
      return traces > MAX_STRANGERS_TRACES ? `${traces} traces of strangers were exported` : null;
    },
  };
}

/** Callers that leave in the middle of their body. */
function hangUps(): Attack {
  return { name: HANG_UPS, bounds: null, others: "short", once: ({ url, key }) => hangUp(url, key) };
}

/** Four callers at once that send a fifth of their body and reset the connection. */
export async function hangUp(url: string, key: string): Promise<void> {
  const head = `POST /v1/classify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`;
  const bytes = `${head}{"inputs":"${"a".repeat(200_000)}`;
  const port = Number(new URL(url).port);
  await Promise.all(Array.from({ length: 4 }, () => sendAndReset(port, bytes)));
}

async function sendAndReset(port: number, bytes: string): Promise<void> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await new Promise((sent) => socket.write(bytes, sent));
  socket.resetAndDestroy();
  await closed;
}

const KV_READ_EVERY_MS = 4500;

/** A document of 4 MB that was put past the command. */
function largePolicy(): Attack {
  return {
    name: "a policy of 4 MB",
    bounds: null,
    isSlow: true,
    others: "short",
    begin: ({ writePolicy }) =>
      writePolicy(
        JSON.stringify({ version: 40, residency: { rules: Array(60_000).fill({ countries: ["XX"], allow: [7] }) } }),
      ),
    // Each isolate reads KV every 4 s.
    once: async ({ url, key }) => {
      await sleep(KV_READ_EVERY_MS);
      await post(url, '{"inputs":"a"}', { authorization: `Bearer ${key}` });
    },
    async end({ writePolicy }) {
      await writePolicy('{"version":41,"sampling":{"ratio":0}}');
      return null;
    },
  };
}

/** Wrong keys and tokens from the address that other callers have too, and a valid key where the operator's token belongs. */
function wrongKeys(): Attack {
  return {
    name: "wrong keys behind one address",
    bounds: null,
    others: "short",
    async once({ url, key }) {
      const wrong = Array.from({ length: 12 }, () => post(url, "{}", { authorization: `Bearer ${newKey().key}` }));
      const atReadyz = [`Bearer ${"x".repeat(40)}`, `Bearer ${key}`].flatMap((authorization) =>
        Array.from({ length: 12 }, async () =>
          (await fetch(`${url}/readyz`, { headers: { authorization } })).arrayBuffer(),
        ),
      );
      await Promise.all([...wrong, ...atReadyz]);
    },
    async end({ url, smallKey }) {
      const status = await post(url, '{"inputs":"a"}', { authorization: `Bearer ${smallKey}` });
      return status === 200 ? null : `a stored key from the same address was answered ${status}`;
    },
  };
}

/** @returns the status of the answer, which is read to its end */
export async function post(url: string, body: BodyInit, headers: Record<string, string>): Promise<number> {
  const send = async () => {
    const response = await fetch(`${url}/v1/classify`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    await response.arrayBuffer();
    return response.status;
  };
  // A kept connection may be closed at the moment when it is used.
  return send().catch(send);
}
