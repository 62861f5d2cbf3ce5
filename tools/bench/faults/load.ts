/** Short and long texts at a steady rate, whether or not those before them are answered. Each answer is checked. */
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { KnownText, TextKind } from "./known-texts.ts";
import { send } from "./send.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface Sample {
  kind: TextKind;
  sentAtMs: number;
  endedAtMs: number;
  verdict: Verdict;
  /** Status, route and reason, for people. */
  detail: string;
}

export interface LoadTarget {
  url: string;
  texts: Readonly<Record<TextKind, readonly KnownText[]>>;
  /** Of request n. */
  headers(request: number): Readonly<Record<string, string>>;
  /** Between two texts of a kind. */
  everyMs: Readonly<Record<TextKind, number>>;
}

/** A text without an answer after this time is lost. */
export const MAX_ANSWER_MS = 15_000;
const MAX_SOCKETS = 256;

export class Load {
  readonly samples: Sample[] = [];
  readonly #target: LoadTarget;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  readonly #inFlight = new Set<Promise<void>>();
  #isOver = false;
  #request = 0;
  readonly #senders: Promise<unknown>;

  /** Starts at once. */
  constructor(target: LoadTarget) {
    this.#target = target;
    this.#senders = Promise.all([this.#sendAll("short"), this.#sendAll("long")]);
  }

  /** Resolves when every text that was sent is answered or lost. */
  async stop(): Promise<readonly Sample[]> {
    this.#isOver = true;
    await this.#senders;
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
    return this.samples;
  }

  async #sendAll(kind: TextKind): Promise<void> {
    const startedAtMs = performance.now();
    for (let sent = 0; !this.#isOver; sent++) {
      await sleep(Math.max(0, startedAtMs + sent * this.#target.everyMs[kind] - performance.now()));
      const texts = this.#target.texts[kind];
      const text = texts[sent % texts.length];
      if (text === undefined || this.#isOver) continue;
      const answered = this.#sendOne(text);
      this.#inFlight.add(answered);
      void answered.finally(() => this.#inFlight.delete(answered));
    }
  }

  async #sendOne(text: KnownText): Promise<void> {
    const { url, headers } = this.#target;
    const sentAtMs = performance.now();
    const request = { url, agent: this.#agent, headers: headers(this.#request++), body: text.body };
    const answer = await send({ ...request, maxMs: MAX_ANSWER_MS });
    const seen = [answer?.status, answer?.headers["x-spillway-route"], answer?.headers["x-spillway-because"]];
    const detail = answer === null ? "no answer" : seen.filter((part) => part !== undefined).join(" ");
    const verdict = verdictOf(answer, text);
    this.samples.push({ kind: text.kind, sentAtMs, endedAtMs: performance.now(), verdict, detail });
  }
}
