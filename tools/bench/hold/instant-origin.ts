/** An origin that answers at once: a caller's wait is then the gateway's. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { OriginAnswer } from "../../../formats/origin-wire.ts";
import type { LocalPackage } from "../../spillway/model/local-package.ts";

export interface InstantOrigin {
  url: string;
  close(): void;
}

/** Listens on a free port of this machine, and answers each request with logits of 0. */
export async function startInstantOrigin({ modelId, manifest }: LocalPackage): Promise<InstantOrigin> {
  const answer: OriginAnswer = {
    model: modelId,
    labels: manifest.labels,
    problemType: manifest.problemType,
    windows: [{ tokens: 1, logits: manifest.labels.map(() => 0) }],
  };
  const body = JSON.stringify(answer);
  const server = createServer((request, response) => {
    request.resume().once("end", () => response.writeHead(200, { "content-type": "application/json" }).end(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The origin has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
