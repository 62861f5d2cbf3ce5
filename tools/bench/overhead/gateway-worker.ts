/**
 * Two gateways in one isolate, composed of the product's parts as gateway/index.ts composes them: one counts for the ledger, the other does not.
 * Two processes of the same Worker differ by more than the ledger takes, as V8 compiles each anew. The model is one of the engine's.
 */
import wasm from "../../../engine/dist/engine.wasm";
import type { Limiter } from "../../../gateway/authenticate/limiter.ts";
import { composeGateway, type Env, type Gateway } from "../../../gateway/compose.ts";
import { spillwayEngineOf } from "../../../gateway/edge/spillway/spillway-engine.ts";
import { WITHOUT_LEDGER_HEADER } from "./controls.ts";

interface BenchEnv extends Env {
  /** One of `LIMITERS`. */
  LIMITER: string;
}

const PERIOD_MS = 60_000;

/**
 * Counts as Cloudflare's binding does, in memory on the machine of the request. Miniflare simulates the binding with an HTTP call of a SQLite
 * Durable Object in the same thread, which takes longer than all of the gateway.
 */
class MemoryLimiter implements Limiter {
  readonly #most: number;
  #counts = new Map<string, number>();
  #period = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async limit({ key }: { key: string }): Promise<{ success: boolean }> {
    const period = Math.floor(Date.now() / PERIOD_MS);
    if (period !== this.#period) this.#counts = new Map();
    this.#period = period;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return { success: count <= this.#most };
  }
}

const MAX_PER_MINUTE = 6000;
const clock = {
  nowMs: () => Date.now(),
  wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};

let gateways: { counting: Gateway; other: Gateway } | undefined;

function compose(env: BenchEnv): { counting: Gateway; other: Gateway } {
  const { LEDGER: _, ...withoutLedger } = env;
  const one = (its: Env) =>
    composeGateway(env.LIMITER === "memory" ? { ...its, RATE_LARGE: new MemoryLimiter(MAX_PER_MINUTE) } : its, {
      clock,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      fetch: (input, init) => fetch(input, init),
      engines: {
        "spillway-engine": spillwayEngineOf(wasm, clock),
        "onnxruntime-web": { unavailable: "onnxruntime-web is not in this Worker" },
      },
    });
  return { counting: one(env), other: one(withoutLedger) };
}

export default {
  fetch(request, env, context) {
    gateways ??= compose(env);
    const { counting, other } = gateways;
    return (request.headers.has(WITHOUT_LEDGER_HEADER) ? other : counting).fetch(request, context);
  },
} satisfies ExportedHandler<BenchEnv>;
