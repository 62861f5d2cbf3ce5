/** What every side calls: a server that answers at once, or after a fixed time, as a Lambda origin or as a chat completion, by the path. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { OriginAnswer } from "../../../formats/origin-wire.ts";
import type { LocalPackage } from "../../spillway/model/local-package.ts";

export interface Upstream {
  /** A Lambda origin. */
  originUrl: string;
  /** The base of OpenAI's API. */
  chatUrl: string;
  /** From a request's last byte to its answer; 0 at first: it answers at once. */
  takesMs: number;
  close(): void;
}

/** Listens on a free port of this machine. The bodies have about the same size. */
export async function startUpstream({ modelId, manifest }: LocalPackage): Promise<Upstream> {
  const ofLambda: OriginAnswer = {
    model: modelId,
    labels: manifest.labels,
    problemType: manifest.problemType,
    windows: [{ tokens: 64, logits: manifest.labels.map(() => 0) }],
  };
  const completion = {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_795_000_000,
    model: "classifier",
    choices: [{ index: 0, message: { role: "assistant", content: "ham" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 64, completion_tokens: 1, total_tokens: 65 },
  };
  const bodies = { origin: JSON.stringify(ofLambda), chat: JSON.stringify(completion) };
  const upstream: Upstream = {
    originUrl: "",
    chatUrl: "",
    takesMs: 0,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer((request, response) => {
    const body = request.url?.endsWith("/chat/completions") === true ? bodies.chat : bodies.origin;
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const answer = () => response.writeHead(200, headers).end(body);
    request.resume().once("end", () => (upstream.takesMs === 0 ? answer() : setTimeout(answer, upstream.takesMs)));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The origin has no port.");
  const url = `http://127.0.0.1:${address.port}`;
  Object.assign(upstream, { originUrl: `${url}/`, chatUrl: `${url}/v1` });
  return upstream;
}
