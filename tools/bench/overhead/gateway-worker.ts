/**
 * The gateway with rate limits that are counted in memory, as Cloudflare's binding counts them on the machine of the request. Miniflare
 * simulates the binding with an HTTP call of a SQLite Durable Object in the same thread, which takes longer than all of the gateway.
 */
import type { Limiter } from "../../../gateway/authenticate/limiter.ts";
import type { Env } from "../../../gateway/compose.ts";
import gateway from "../../../gateway/index.ts";

const PERIOD_MS = 60_000;

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

const RATE_LARGE = new MemoryLimiter(6000);

export default {
  fetch: (request, env, context) => gateway.fetch(request, { ...env, RATE_LARGE }, context),
} satisfies ExportedHandler<Env>;
