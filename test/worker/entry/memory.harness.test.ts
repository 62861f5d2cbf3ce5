/** What the gateway's isolate keeps of callers' words, as V8's own snapshot of its heap shows it. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Inspector } from "../../../tools/bench/memory/inspector.ts";
import { freePort } from "../../../tools/process/ports.ts";
import { distinctWords, wordsIn } from "../../support/marked-words.ts";
import { LONG } from "../../support/texts.ts";
import { classifyRequest, startWholeGateway, type WholeGateway } from "./whole-gateway.ts";

const ROUNDS = 100;

let gateway: WholeGateway;
let inspector: Inspector;
beforeAll(async () => {
  const inspectorPort = await freePort();
  gateway = await startWholeGateway({}, { shadow: { share: 100 } }, inspectorPort);
  inspector = await Inspector.connect({ inspectorPort }, "spillway");
});
afterAll(async () => {
  inspector?.close();
  await gateway?.close();
});

it("no caller's word stays in the isolate after the answer, whichever answer it was", async () => {
  const words = distinctWords();
  const next = () => words.next().value;
  const statuses = new Set<number>();
  const send = async (request: RequestInit, query = "") => {
    const response = await gateway.fetch(`/v1/classify${query}`, request);
    statuses.add(response.status);
    await response.text();
  };
  for (let round = 0; round < ROUNDS; round++) {
    await send(classifyRequest(`${next()} click here to win, ${next()}`));
    if (round % 20 > 0) continue;
    await send(classifyRequest([next(), { text: next() }, `${next()} ${LONG}`]));
    await send(classifyRequest({ text: next(), [next()]: next() }));
    await send({ ...classifyRequest(next()), body: `{"inputs": "${next()}` });
    await send({
      ...classifyRequest(next()),
      body: JSON.stringify({ inputs: next(), [next()]: next(), options: { [next()]: next() } }),
    });
    await send(classifyRequest(next()), `?${next()}=${next()}`);
    await send(classifyRequest(`${next()} `.repeat(20_000)));
    await send(classifyRequest(`${next()} `.repeat(100_000)));
    await send(classifyRequest(next(), { "content-type": `text/${next()}` }));
    await send(classifyRequest(next(), { "user-agent": next(), traceparent: next(), baggage: `a=${next()}` }));
  }
  await gateway.program("http-500");
  await send(classifyRequest(`${next()} ${LONG}`));
  expect([...statuses].toSorted()).toEqual([200, 400, 413, 415, 422, 503]);

  // The comparison of the last text may be in progress.
  const kept = async () => wordsIn(await inspector.heapSnapshot());
  await expect.poll(kept).toEqual(new Set());

  // A text that is being answered is in memory: the search finds it.
  const held = next();
  await gateway.program("hang");
  const before = (await gateway.origin("programmed?own")).calls;
  const caller = new AbortController();
  const hanging = gateway
    .fetch("/v1/classify", { ...classifyRequest(`${held} ${LONG}`), signal: caller.signal })
    .catch(() => null);
  await vi.waitFor(async () => expect((await gateway.origin("programmed?own")).calls).toBe(before + 1), 10_000);
  expect(await kept()).toEqual(new Set([held]));
  caller.abort();
  await hanging;
}, 60_000);
