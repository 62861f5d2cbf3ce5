/** An OTLP receiver that counts exports and discards them. */
import { once } from "node:events";
import { createServer } from "node:http";
import { SIGNALS, type Signal } from "../../../formats/otlp/messages.ts";

export interface Sink {
  url: string;
  /** Export requests so far, by signal. */
  received(): Readonly<Record<Signal, number>>;
  close(): void;
}

/** Listens on a free port of this machine. */
export async function startSink(): Promise<Sink> {
  const counts: Record<Signal, number> = { traces: 0, logs: 0, metrics: 0 };
  const server = createServer((request, response) => {
    const signal = SIGNALS.find((one) => request.url === `/v1/${one}`);
    if (signal !== undefined) counts[signal] += 1;
    request.resume().once("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The OTLP receiver has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    received: () => ({ ...counts }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
