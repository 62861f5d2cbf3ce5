/** The bench's Worker: loads the weights as a stream, then times runs. */

import { createEngine } from "../create-engine.ts";
import engineWasm from "../dist/engine.wasm";
import { type Encoder, runToEnd } from "../encoder/encoder.ts";
import { randomIds } from "../sample/random-encoder.ts";
import { type LoadTimes, measureLength, warmUp } from "./measure.ts";

interface Environment {
  FILES: { fetch(url: string): Promise<Response> };
}

let encoder: Encoder | null = null;

export default {
  /** `/load?file=…&tokens=512`, then `/run?tokens=128&seconds=2`. */
  async fetch(request: Request, { FILES }: Environment): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/load") {
      const response = await FILES.fetch(`http://files/${searchParams.get("file")}`);
      return Response.json(await load(response, Number(searchParams.get("tokens"))));
    }
    if (encoder === null) return new Response("no model", { status: 409 });
    return Response.json(
      measureLength(encoder, Number(searchParams.get("tokens")), Number(searchParams.get("seconds"))),
    );
  },
};

async function load({ body }: Response, maxTokens: number): Promise<LoadTimes> {
  if (body === null) throw new Error("The weights are missing.");
  const engine = createEngine(engineWasm);
  const loading = engine.load({ maxTokens });
  const started = performance.now();
  let longestWriteMs = 0;
  for await (const chunk of body) {
    const before = performance.now();
    loading.write(chunk);
    longestWriteMs = Math.max(longestWriteMs, performance.now() - before);
  }
  encoder = loading.finish();
  const loadMs = performance.now() - started;
  const first = performance.now();
  runToEnd(encoder.run([{ ids: randomIds(encoder.architecture, 8, 1) }]));
  const firstRunMs = performance.now() - first;
  warmUp(encoder);
  return { loadMs, longestWriteMs, firstRunMs, memoryBytes: engine.memoryBytes(), variant: encoder.variant };
}
