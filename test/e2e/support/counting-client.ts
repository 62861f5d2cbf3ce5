/** A client that counts what it sends and what it gets, to compare with what the ledger counted. One text per request. */
import type { Arm } from "../../../formats/ledger/series.ts";
import { basisPointsOf, insideShare } from "../../../gateway/decide/share.ts";
import { seededRandom } from "../../../tools/seeded-random.ts";
import { LONG } from "../../support/texts.ts";
import type { Running } from "./system.ts";

export interface ClientCounts {
  requests: number;
  /** Texts of requests that reached a decision. */
  texts: Record<Arm, number>;
  failures: Record<Arm, number>;
  /** Of answered texts, the times that the gateway reports, in ms. */
  times: Record<Arm, number[]>;
  reasons: Record<string, number>;
  /** By error_type. */
  refusals: Record<string, number>;
}

const WORDS = "the mail about your order and a free prize for you to win now or never see you at lunch tomorrow".split(
  " ",
);
/** The origin starts an instance for each call at the same time, which takes as long as a hundred texts. */
const AT_ONCE = 2;

export class CountingClient {
  readonly counts: ClientCounts = {
    requests: 0,
    texts: { inside: 0, outside: 0, ineligible: 0 },
    failures: { inside: 0, outside: 0, ineligible: 0 },
    times: { inside: [], outside: [], ineligible: [] },
    reasons: {},
    refusals: {},
  };
  readonly #random = seededRandom(16);
  readonly #sharePercent: number;

  /** @param sharePercent of the policy in force, which must split by text */
  constructor(sharePercent: number) {
    this.#sharePercent = sharePercent;
  }

  /** A short text that was not sent before, or a long one. */
  text(kind: "short" | "long"): string {
    const word = () => WORDS[Math.floor(this.#random() * WORDS.length)] ?? "";
    const words = Array.from({ length: 4 + Math.floor(this.#random() * 12) }, word).join(" ");
    return `${words} ${this.counts.requests}-${Math.floor(this.#random() * 1e9)}${kind === "long" ? ` ${LONG}` : ""}`;
  }

  /** Sends so many requests, `AT_ONCE` together. @param longPart of the texts that are too long for the edge, 0 to 1 */
  async sendTogether(system: Running, count: number, longPart: number): Promise<void> {
    let left = count;
    const worker = async () => {
      while (left-- > 0) await this.#sendMixed(system, longPart);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** The same, one after another. */
  async sendMany(system: Running, count: number, longPart: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) await this.#sendMixed(system, longPart);
  }

  async #sendMixed(system: Running, longPart: number): Promise<void> {
    await this.send(system, this.text(this.#random() < longPart ? "long" : "short"));
  }

  /** Sends one text; a refusal of 4xx counts as no text. */
  async send({ gateway }: Pick<Running, "gateway">, inputs: unknown): Promise<Response> {
    const response = await fetch(`${gateway}/v1/classify`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs }),
    });
    this.#count(inputs, response, await response.json());
    return response;
  }

  #count(inputs: unknown, { status, headers }: Response, body: { error_type?: string }): void {
    const { counts } = this;
    counts.requests += 1;
    if (status !== 200) add(counts.refusals, body.error_type ?? "none");
    if (typeof inputs !== "string" || (status >= 400 && status < 500)) return;
    const arm = this.#armOf(inputs);
    counts.texts[arm] += 1;
    if (status >= 500) {
      counts.failures[arm] += 1;
      return;
    }
    add(counts.reasons, headers.get("x-spillway-because") ?? "none");
    const took = /text;dur=(\d+)/.exec(headers.get("server-timing") ?? "")?.[1];
    counts.times[arm].push(Number(took));
  }

  #armOf(text: string): Arm {
    if (text.includes(LONG)) return "ineligible";
    return insideShare(basisPointsOf(text), this.#sharePercent) ? "inside" : "outside";
  }
}

function add(to: Record<string, number>, name: string): void {
  to[name] = (to[name] ?? 0) + 1;
}
