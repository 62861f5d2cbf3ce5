/** An OTLP receiver that counts the requests whose traces arrive, and looks for a word in all that is exported. */
import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";

/** Of OTLP's JSON: enough to count root spans. */
const tracesSchema = z.object({
  resourceSpans: z.array(
    z.object({ scopeSpans: z.array(z.object({ spans: z.array(z.object({ kind: z.number() })) })) }),
  ),
});
const SERVER_KIND = 2;

export interface TraceSink {
  url: string;
  /** Traces of requests so far. */
  traces(): number;
  /** Whether anything that was exported contains the word. */
  hasSeen(word: string): boolean;
  close(): void;
}

/** Listens on a free port of this machine. @param word is looked for in every export */
export async function startTraceSink(word: string): Promise<TraceSink> {
  let traces = 0;
  let isSeen = false;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.once("end", () => {
      const body = Buffer.concat(pieces).toString();
      isSeen ||= body.includes(word);
      if (request.url === "/v1/traces") traces += rootsIn(JSON.parse(body));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The OTLP receiver has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    traces: () => traces,
    hasSeen: (one) => one === word && isSeen,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function rootsIn(exported: unknown): number {
  const { resourceSpans } = tracesSchema.parse(exported);
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return spans.filter(({ kind }) => kind === SERVER_KIND).length;
}
