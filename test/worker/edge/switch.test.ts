/** One isolate, several models: changing the model fails no request and never needs two heaps. */
import { beforeAll, describe, expect, it } from "vitest";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import type { Edge } from "../../../gateway/sides.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import { SHORT } from "../../support/texts.ts";
import { aLifetime, eitherEngine } from "../support/gateway.ts";
import { anEdge, realClock, run, tokens, warmed } from "../support/isolate.ts";
import { publish } from "../support/packages.ts";

let first: string;
let second: string;
beforeAll(async () => {
  first = await publish();
  second = await publish((manifest) => {
    manifest.version = 2;
    manifest.labels = manifest.labels.map((label) => `${label}-2`);
  });
});

/** The short text as the edge sees it. */
const short = async (edge: Edge) => (await edge.tokenize(SHORT, aLifetime())) ?? tokens(edge, []);
const wanting = (model: string) => ({ ...defaultPolicy(), model });

/** Counts how many models exist at the same time, and how many wasm memories are made. */
function watchedEngine() {
  const seen = { open: 0, mostOpen: 0, memories: 0 };
  const RealMemory = WebAssembly.Memory;
  const real = eitherEngine(realClock);
  const engine: EdgeEngine = {
    ...real,
    load: async (opened, stream) => {
      WebAssembly.Memory = class extends RealMemory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          super(descriptor);
          if (descriptor.initial > 0) seen.memories += 1;
        }
      };
      const model = await real.load(opened, stream).finally(() => {
        WebAssembly.Memory = RealMemory;
      });
      seen.open += 1;
      seen.mostOpen = Math.max(seen.mostOpen, seen.open);
      return {
        ...model,
        release: () => {
          seen.open -= 1;
          model.release();
        },
      };
    },
  };
  return { seen, engine };
}

describe("a policy that names another model", () => {
  it("takes effect between requests, ten times, in the same heap", async () => {
    const { seen, engine } = watchedEngine();
    const edge = await warmed(anEdge(first, { engine }));
    const heapBytes = edge.status().heapBytes;
    for (let turn = 0; turn < 10; turn++) {
      const wanted = turn % 2 === 0 ? second : first;
      edge.obey(wanting(wanted));
      expect(edge.conditions().model).toBe("cold");
      await warmed(edge);
      const result = await run(edge, await short(edge));
      expect(result).toMatchObject({ ok: true, answer: { model: wanted } });
    }
    expect(edge.status().heapBytes).toBe(heapBytes);
    expect(seen).toEqual({ open: 1, mostOpen: 1, memories: 1 });
  });

  it("runs the texts that wait on the model they were admitted for", async () => {
    const { seen, engine } = watchedEngine();
    const edge = await warmed(anEdge(first, { engine }));
    const measured = await short(edge);
    const waiting = Array.from({ length: 5 }, () => run(edge, measured));
    // Joined the queue before the edit, ends after it.
    await scheduler.wait(0);
    edge.obey(wanting(second));
    const next = warmed(edge);
    for (const result of await Promise.all(waiting))
      expect(result).toMatchObject({ ok: true, answer: { model: first } });
    await next;
    expect(edge.status()).toMatchObject({ state: "ready", model: second });
    expect(seen.mostOpen).toBe(1);
  });

  it("tokenizes a text again if it was admitted before the change and runs after it", async () => {
    const edge = await warmed(anEdge(first));
    const measured = { text: SHORT, tokens: 2, tokenIds: [2, 3], typeIds: null, modelId: first };
    edge.obey(wanting(second));
    const result = await run(edge, measured);
    const again = await run(edge, await short(edge));
    expect(result).toMatchObject({ ok: true, answer: { model: second } });
    expect(result.ok && again.ok && result.answer.windows[0]?.logits).toEqual(
      again.ok && again.answer.windows[0]?.logits,
    );
  });

  it("may change again while the model loads: the last one is loaded, and only one model exists", async () => {
    const { seen, engine } = watchedEngine();
    const edge = await warmed(anEdge(first, { engine }));
    edge.obey(wanting(second));
    edge.warm(aLifetime());
    await scheduler.wait(20);
    edge.obey(wanting(first));
    await warmed(edge);
    await warmed(edge);
    expect(edge.status()).toMatchObject({ state: "ready", model: first });
    expect(await run(edge, await short(edge))).toMatchObject({
      ok: true,
      answer: { model: first },
    });
    expect([seen.open, seen.mostOpen]).toEqual([1, 1]);
  });
});
