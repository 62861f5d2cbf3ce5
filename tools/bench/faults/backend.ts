/** An OTLP backend that fails on command, and counts what it received of each request. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { HOST, type Listening, startServer } from "./servers.ts";

/** `full`: 429, as a backend over its quota answers. */
export type BackendFault = "hang" | "slow" | "refusing" | "full" | "junk";

export interface Backend extends Pick<Listening, "refuse" | "listen"> {
  url: string;
  fail(fault: BackendFault | null): void;
  /** Traces by the request's id, since the start. */
  traces: ReadonlyMap<string, number>;
  /** Refused requests by the refusal's internal reason, since it was last called. */
  takeRefusals(): Record<string, number>;
}

const SLOW_MS = 3000;
const SERVER_KIND = 2;
const REQUEST_ID = "spillway.request_id";
const REFUSAL = "spillway.refusal.reason";

/** Of OTLP's JSON: root spans and their request. */
const attributeSchema = z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) });
const spanSchema = z.object({ kind: z.number(), attributes: z.array(attributeSchema).default([]) });
const tracesSchema = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })),
});

/** Listens on a free port of this machine. */
export async function startBackend(): Promise<Backend> {
  let fault: BackendFault | null = null;
  const traces = new Map<string, number>();
  let refusals: Record<string, number> = {};
  const accept = (url: string | undefined, body: string, response: ServerResponse) => {
    for (const root of url === "/v1/traces" ? rootsIn(body) : []) {
      const [id, refusal] = [root.get(REQUEST_ID), root.get(REFUSAL)];
      // The origin's function has SERVER spans too, which no request's id names.
      if (id === undefined) continue;
      traces.set(id, (traces.get(id) ?? 0) + 1);
      if (refusal !== undefined) refusals[refusal] = (refusals[refusal] ?? 0) + 1;
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    if (fault === "hang") return;
    if (fault === "refusing") response.writeHead(401).end();
    else if (fault === "full") response.writeHead(429, { "retry-after": "60" }).end();
    else if (fault === "junk") response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    else if (fault === "slow") setTimeout(() => accept(request.url, body, response), SLOW_MS);
    else accept(request.url, body, response);
  };
  const server = await startServer((request, response) => void answer(request, response).catch(() => {}));
  return {
    ...server,
    url: `http://${HOST}:${server.port}`,
    fail: (wanted) => {
      fault = wanted;
    },
    traces,
    takeRefusals: () => {
      const taken = refusals;
      refusals = {};
      return taken;
    },
  };
}

/** The attributes of each request's SERVER span, as far as they are text. */
function rootsIn(body: string): Map<string, string>[] {
  const { resourceSpans } = tracesSchema.parse(JSON.parse(body));
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return spans
    .filter(({ kind }) => kind === SERVER_KIND)
    .map(({ attributes }) => new Map(attributes.map(({ key, value }) => [key, value.stringValue ?? ""])));
}
