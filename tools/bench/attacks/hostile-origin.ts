/** An origin in another's hands: it answers what it is set to, or only as many calls at once as it has places. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { OriginAnswer } from "../../../formats/origin-wire.ts";
import type { LocalPackage } from "../../spillway/model/local-package.ts";

/** Calls that the throttled origin runs at once, and for how long each. */
const PLACES = 4;
const RUN_MS = 60;

export interface HostileOrigin {
  url: string;
  /** From now on every call gets this body with 200. */
  answerWith(body: string): void;
  /** From now on a call beyond its places gets 429, as Lambda answers without free concurrency. */
  throttle(): void;
  /** From now on it answers as the function does. */
  behave(): void;
  /** The function's answer, to make a hostile one of. */
  good: OriginAnswer;
  close(): void;
}

/** Listens on a free port of this machine. */
export async function startHostileOrigin({ modelId, manifest }: LocalPackage): Promise<HostileOrigin> {
  const { labels, problemType } = manifest;
  const good: OriginAnswer = {
    model: modelId,
    labels,
    problemType,
    windows: [{ tokens: 1, logits: labels.map(() => 0) }],
  };
  const goodBody = JSON.stringify(good);
  let running = 0;
  const send = (response: ServerResponse, status: number, body: string) =>
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  const answerGood = (response: ServerResponse) => send(response, 200, goodBody);
  const throttled = async (response: ServerResponse) => {
    if (running >= PLACES) return send(response, 429, '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}');
    running += 1;
    await sleep(RUN_MS);
    running -= 1;
    return answerGood(response);
  };
  let answer: (response: ServerResponse) => unknown = answerGood;
  const server = createServer((request, response) => {
    request.resume().once("end", () => answer(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The origin has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    good,
    answerWith: (body) => {
      answer = (response) => send(response, 200, body);
    },
    throttle: () => {
      answer = throttled;
    },
    behave: () => {
      answer = answerGood;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const MAX_ANSWER_BYTES = 2 * 2 ** 20;

/** Pure. Answers of 2 MiB that are not a classifier's, and a small one whose windows weigh nothing. */
export function hostileAnswers(good: OriginAnswer): { name: string; body: string }[] {
  const filled = (before: string, piece: string, after: string) =>
    `${before}${piece.repeat(Math.floor((MAX_ANSWER_BYTES - Buffer.byteLength(before) - Buffer.byteLength(after)) / Buffer.byteLength(piece)))}${after}`;
  const { windows: _, ...rest } = good;
  const opened = JSON.stringify(rest).slice(0, -1);
  const spans =
    '{"spanId":"aaaaaaaaaaaaaaaa","parentSpanId":"aaaaaaaaaaaaaaaa","name":"n","kind":"internal","startUnixNano":"1","endUnixNano":"2","attributes":{}}';
  const trace = `,"windows":[{"tokens":1,"logits":[0]}],"trace":{"resource":{},"spans":[${spans}`;
  const keys = Array.from({ length: 150_000 }, (_, index) => `"k${index}":1`).join(",");
  const manyLogits = Array.from({ length: 64 }, () => ({ tokens: 1, logits: Array(1024).fill(-1.234567890123456) }));
  return [
    {
      name: "windows of no weight",
      body: JSON.stringify({ ...good, windows: Array(64).fill({ tokens: 0, logits: good.windows[0]?.logits }) }),
    },
    { name: "numbers", body: filled(`${opened},"windows":[{"tokens":1,"logits":[1`, ",1", "]}]}") },
    {
      name: "as many numbers as a model may have",
      body: `${opened},"windows":${JSON.stringify(manyLogits)}}`.padEnd(MAX_ANSWER_BYTES),
    },
    {
      name: "windows",
      body: filled(`${opened},"windows":[{"tokens":1,"logits":[0]}`, ',{"tokens":1,"logits":[0]}', "]}"),
    },
    { name: "objects", body: filled(`${opened},"windows":[{}`, ",{}", "]}") },
    { name: "brackets", body: filled("", "[", "") },
    { name: "one string", body: filled('{"model":"', "a", '"}') },
    { name: "one string beyond Latin", body: filled('{"model":"漢', "a", '"}') },
    { name: "labels", body: filled('{"labels":["a"', ',"a"', "]}") },
    { name: "keys", body: `{${keys}}` },
    { name: "spans", body: filled(`${opened}${trace}`, `,${spans}`, "]}}") },
    { name: "blanks", body: filled("", " ", "") },
  ];
}
