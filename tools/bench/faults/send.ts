/** One request to the gateway over kept connections, with a bound on its time. */
import { type Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Sending {
  url: string;
  agent: Agent;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** A request without a whole answer after this time is lost. */
  maxMs: number;
}

/** @returns null if there is no whole answer in time */
export async function send(sending: Sending): Promise<Answer | null> {
  const first = await attempt(sending);
  // A kept connection may be closed at the moment when it is used: clients send such a request again.
  return first === "closed" ? nullIfClosed(await attempt(sending)) : first;
}

function nullIfClosed(answer: Answer | "closed" | null): Answer | null {
  return answer === "closed" ? null : answer;
}

function attempt({ url, agent, headers, body, maxMs }: Sending): Promise<Answer | "closed" | null> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const sent = httpRequest(`${url}/v1/classify`, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", "content-length": bytes.byteLength, ...headers },
    });
    const timer = setTimeout(() => sent.destroy(), maxMs);
    const end = (answer: Answer | "closed" | null) => {
      clearTimeout(timer);
      resolve(answer);
    };
    sent.once("error", () => end(sent.reusedSocket ? "closed" : null));
    sent.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("error", () => end(null));
      response.once("end", () => end({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.end(bytes);
  });
}
