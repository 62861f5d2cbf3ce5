/** The plain way's isolate through the same load and lengths. */
import { loadPlain, runPlain } from "../plain/client.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { Texts } from "../texts.ts";
import { RUNS_PER_LENGTH, TOKEN_LENGTHS } from "./gateway-memory.ts";
import { Inspector } from "./inspector.ts";
import { type Counted, count, type Reading } from "./stage.ts";
import { watch } from "./watch.ts";

export async function measurePlain(plain: RunningWorker, texts: Texts): Promise<Counted> {
  const inspector = await Inspector.connect(plain);
  try {
    let heapBytes = 0;
    const { rest, load, runs } = watch(inspector, async () => heapBytes);
    const cold = await rest("cold", "cold, no model");
    const loaded = await load("load", "loading the model the plain way", async () => {
      ({ heapBytes } = await loadPlain(plain));
    });
    const later: Reading[] = [];
    for (const tokens of TOKEN_LENGTHS) {
      const many = Array.from({ length: RUNS_PER_LENGTH }, (_, seed) => texts.encode(texts.make(tokens, seed)));
      const send = async () => {
        for (const tokenIds of many) ({ heapBytes } = await runPlain(plain, tokenIds));
      };
      later.push(await runs(`tokens-${tokens}`, `${RUNS_PER_LENGTH} texts of ${tokens} tokens, plain`, send));
    }
    return count(cold, loaded, later);
  } finally {
    inspector.close();
  }
}
