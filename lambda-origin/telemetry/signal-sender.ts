/** Sends one signal, never at the answer's cost: bounded in time, quiet on failure, losses counted. */
import { exportBody } from "../../otlp/body.ts";
import type { Requests, Signal } from "../../otlp/messages.ts";
import type { OtlpSettings } from "../../otlp/settings.ts";

/** Each signal has its own, so that a backend that swallows one of them does not cost the others. */
export class SignalSender<S extends Signal> {
  readonly #signal: S;
  readonly #otlp: OtlpSettings;
  readonly #pauseMs: number;
  #pausedUntilMs = 0;
  #dropped = 0;

  constructor(signal: S, otlp: OtlpSettings, pauseMs: number) {
    this.#signal = signal;
    this.#otlp = otlp;
    this.#pauseMs = pauseMs;
  }

  /** Items lost in this instance since it started. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether `items` items in one request were accepted within the bound; never rejects. */
  async send(request: Requests[S], items: number, boundMs: number): Promise<boolean> {
    const url = this.#otlp.urls[this.#signal];
    if (url === undefined || items === 0) return true;
    const mayTry = boundMs > 0 && Date.now() >= this.#pausedUntilMs;
    const sent = mayTry && (await this.#post(url, request, boundMs));
    if (!sent) this.#dropped += items;
    return sent;
  }

  async #post(url: string, items: Requests[S], boundMs: number): Promise<boolean> {
    const { headers, protocol } = this.#otlp;
    const signal = AbortSignal.timeout(boundMs);
    try {
      const { contentType, body } = exportBody(this.#signal, items, protocol);
      const request: RequestInit = {
        method: "POST",
        headers: { ...headers, "content-type": contentType },
        body,
        redirect: "manual",
        signal,
      };
      // A connection kept from before a freeze is dead, which shows only on use; the second try opens a new one.
      const response = await fetch(url, request).catch(() => fetch(url, request));
      await response.arrayBuffer(); // read to its end, the connection can serve the next invocation
      return response.ok;
    } catch {
      if (signal.aborted) this.#pausedUntilMs = Date.now() + this.#pauseMs;
      return false;
    }
  }
}
