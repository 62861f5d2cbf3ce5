/** What an instance of the function keeps of callers' words, as V8's own snapshot of its process's heap shows it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { distinctWords, wordsIn } from "../../support/marked-words.ts";
import { OtlpReceiver } from "../../worker/telemetry/otlp-receiver.ts";
import { TrueInstances, traceparent } from "./true-instances.ts";

const receiver = new OtlpReceiver();
let instances: TrueInstances;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-heap-"));
  instances = await TrueInstances.prepare(receiver, await receiver.listen());
});
afterEach(() => instances.end());
afterAll(async () => {
  await receiver.close();
  await instances.remove();
  await rm(folder, { recursive: true });
});

function eventWith(body: unknown) {
  return {
    version: "2.0",
    rawPath: "/",
    rawQueryString: "",
    headers: { host: "origin.example", "content-type": "application/json", traceparent: traceparent(true) },
    requestContext: { http: { method: "POST", path: "/" } },
    body: typeof body === "string" ? body : JSON.stringify(body),
    isBase64Encoded: false,
  };
}

it("no caller's word stays in the process after the answer, whichever answer it was", async () => {
  const words = distinctWords();
  const next = () => words.next().value;
  const events = Array.from({ length: 200 }, (_, round) => {
    const texts = [{ text: `${next()} ham spam ${next()}`, maxTokens: 5000 }];
    if (round % 10 > 0) return texts;
    const more = [
      { text: `${next()} `.repeat(2000), maxTokens: 5000 },
      { text: `${next()} `.repeat(2000), maxTokens: 100 },
      { text: next(), textPair: next(), maxTokens: 100 },
      { [next()]: next() },
      `{"text": "${next()}`,
    ];
    return [...texts, ...more];
  }).flat();
  // An event that is being answered is in memory: the search finds it.
  const held = next();
  const writeHeapTo = join(folder, "heap.json");
  const { outcomes } = await instances.asked([...events.map(eventWith), { writeHeapTo, held }], {
    handler: "heap-snapshot.handler",
  });
  const statuses = outcomes.map((outcome) => (outcome.kind === "answered" ? statusOf(outcome.result) : outcome.kind));
  expect([...new Set(statuses)].toSorted()).toEqual([200, 400, 413]);
  expect(wordsIn(await readFile(writeHeapTo, "utf8"))).toEqual(new Set([held]));
}, 60_000);

const statusOf = (result: unknown) => Object(result).statusCode;
