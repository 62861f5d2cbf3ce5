/** Sends requests over connections that stay open, one at a time or from several connections at once. */
import { Agent, request as httpRequest } from "node:http";
import { cpuMsOf } from "../system/process-group.ts";

/** A side of the comparison: how its next request is sent. */
export interface Target {
  url: string;
  headers(request: number): Record<string, string>;
  body(request: number): string;
  /** The process group whose CPU time is measured; null for none. */
  processGroup: number | null;
}

const MAX_ANSWER_MS = 30_000;

export class Connections {
  readonly #agent: Agent;
  readonly #target: Target;
  readonly #count: number;
  #next = 0;

  constructor(target: Target, count: number) {
    this.#target = target;
    this.#count = count;
    this.#agent = new Agent({ keepAlive: true, maxSockets: count });
  }

  /** Sends `requests` requests, one after another. @returns the time of each, from sending to the last byte, in ms */
  async inSequence(requests: number): Promise<number[]> {
    const times: number[] = [];
    for (let sent = 0; sent < requests; sent++) {
      const sentAtMs = performance.now();
      await this.#send();
      times.push(performance.now() - sentAtMs);
    }
    return times;
  }

  /** Keeps every connection busy until `requests` requests are answered. @returns requests per second */
  async atOnce(requests: number): Promise<number> {
    let left = requests;
    const startedAtMs = performance.now();
    const one = async () => {
      while (left-- > 0) await this.#send();
    };
    await Promise.all(Array.from({ length: this.#count }, one));
    return (1000 * requests) / (performance.now() - startedAtMs);
  }

  /** CPU time of the target's processes so far, in ms; null where it is not measured. */
  async cpuMs(): Promise<number | null> {
    const { processGroup } = this.#target;
    return processGroup === null ? null : cpuMsOf(processGroup);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws Error with status and body of an answer that is not 200 */
  async #send(): Promise<void> {
    const { url, headers, body } = this.#target;
    const number = this.#next++;
    const bytes = Buffer.from(body(number));
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest(url, {
        method: "POST",
        agent: this.#agent,
        timeout: MAX_ANSWER_MS,
        headers: { "content-type": "application/json", "content-length": bytes.byteLength, ...headers(number) },
      });
      sent.once("error", reject);
      sent.once("timeout", () => sent.destroy(new Error(`${url} gave no answer.`)));
      sent.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece) => {
          text += piece;
        });
        response.once("error", reject);
        response.once("end", () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 200)}`));
        });
      });
      sent.end(bytes);
    });
  }
}
