/** An origin that misbehaves as its path names, over a real socket. Also vitest's global setup: it provides the address. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import type { OriginAccount, OriginAnswer, OriginSpan } from "../../formats/origin-wire.ts";

const answer: OriginAnswer = {
  model: `mail-tagger@${"f".repeat(64)}`,
  labels: ["ham", "spam"],
  problemType: "single_label_classification",
  windows: [{ tokens: 10, logits: [3, -3] }],
};

const ofWindows = (count: number): OriginAnswer => ({
  ...answer,
  windows: Array.from({ length: count }, () => ({ tokens: 500, logits: [3, -3] })),
});

/** What stands where no text may be, in all that an origin hands back. */
export const HOSTILE = "hostile-5e1f0a";

/** The part of the trace that the function sends back, below the call that is answered; `own` goes onto its SERVER span. */
function account(response: ServerResponse, own: OriginSpan["attributes"]): OriginAccount {
  const [, , parentSpanId = ""] = String(response.req.headers["traceparent"]).split("-");
  const span = { startUnixNano: "1795460017868000000", endUnixNano: "1795460017869000000" };
  const [spanId, childId] = [`aaaa${parentSpanId.slice(4)}`, `bbbb${parentSpanId.slice(4)}`];
  return {
    usage: { durationMs: 120.5, initMs: 0, memoryMiB: 1024 },
    trace: {
      resource: { "service.name": "spillway-origin", "cloud.region": "eu-central-1" },
      spans: [
        {
          ...span,
          spanId,
          parentSpanId,
          name: "POST /",
          kind: "server",
          attributes: { "faas.coldstart": false, ...own },
        },
        { ...span, spanId: childId, parentSpanId: spanId, name: "tokenize", kind: "internal", attributes: {} },
      ],
    },
  };
}

const handedBack = (response: ServerResponse, own: OriginSpan["attributes"]): OriginAnswer => ({
  ...answer,
  ...account(response, own),
});

/** A text too long for it, and the function's part. */
function refuse(response: ServerResponse, own: OriginSpan["attributes"], moreSpans = 0): void {
  const { usage, trace } = account(response, own);
  const [, child] = trace?.spans ?? [];
  const more = Array.from({ length: moreSpans }, (_, index) => ({ ...child, spanId: String(index).padStart(16, "c") }));
  const spans = [...(trace?.spans ?? []), ...more];
  send(response, 413, JSON.stringify({ error: "no", error_type: "too-large", usage, trace: { ...trace, spans } }));
}

const hostile = { text: HOSTILE, "spillway.note": HOSTILE, "url.full": HOSTILE, "faas.name": `dear ${HOSTILE}` };

const held: (() => void)[] = [];
/** Calls of "four-places" that run. */
let running = 0;

const behaviours: Record<string, (response: ServerResponse) => void> = {
  ok: (response) => send(response, 200, JSON.stringify(answer)),
  "other-labels": (response) => send(response, 200, JSON.stringify({ ...answer, labels: ["no", "yes"] })),
  "other-problem-type": (response) =>
    send(response, 200, JSON.stringify({ ...answer, problemType: "multi_label_classification" })),
  "hands-back": (response) => send(response, 200, JSON.stringify(handedBack(response, {}))),
  "hands-back-slowly": (response) =>
    void setTimeout(() => send(response, 200, JSON.stringify(handedBack(response, {}))), 300),
  "hands-back-hostile": (response) => send(response, 200, JSON.stringify(handedBack(response, hostile))),
  "refuses-and-hands-back": (response) => refuse(response, {}),
  "refuses-and-hands-back-hostile": (response) => refuse(response, hostile),
  "refuses-and-floods": (response) => refuse(response, {}, 64),
  "refuses-and-hangs": (response) => {
    response.writeHead(413, { "content-type": "application/json", "content-length": 1000 });
    response.write('{"error":');
  },
  "http-400": (response) => send(response, 400, '{"error":"no","error_type":"malformed"}'),
  "http-403": (response) => send(response, 403, '{"Message":"Forbidden"}'),
  "http-413": (response) => send(response, 413, '{"error":"no","error_type":"too-large"}'),
  "no-pairs": (response) => send(response, 422, '{"error":"no","error_type":"no-pairs"}'),
  "http-422": (response) => send(response, 422, "Unprocessable Content"),
  "counts-special-tokens": (response) => {
    response.setHeader("x-spillway-special-tokens", "5");
    send(response, 200, JSON.stringify(answer));
  },
  "http-429": (response) => send(response, 429, '{"Reason":"ConcurrentInvocationLimitExceeded"}'),
  "http-429-retry-after": (response) => {
    response.setHeader("retry-after", "7");
    send(response, 429, '{"Reason":"ConcurrentInvocationLimitExceeded"}');
  },
  /** Four places, as a function with that reserved concurrency. */
  "four-places": (response) => {
    const isFull = running === 4;
    if (isFull) return send(response, 429, '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}');
    running += 1;
    setTimeout(() => {
      running -= 1;
      send(response, 200, JSON.stringify(answer));
    }, 30);
  },
  "http-500": (response) => send(response, 500, "Internal Server Error"),
  "http-503": (response) => send(response, 503, '{"message":"Service Unavailable"}'),
  "no-model": (response) => send(response, 503, '{"error":"no","error_type":"model-unavailable"}'),
  "broken-json": (response) => send(response, 200, '{"model": "mail-tagger@'),
  "wrong-shape": (response) => send(response, 200, '{"scores": [0.5, 0.5]}'),
  "twice-a-label": (response) => send(response, 200, JSON.stringify({ ...answer, labels: ["ham", "ham"] })),
  "redirect-307": (response) => void response.writeHead(307, { location: "/ok?elsewhere" }).end(),
  "too-many-labels": (response) => send(response, 200, JSON.stringify({ ...answer, labels: ["ham", "spam", "eggs"] })),
  /** Never ends while the reader reads. */
  endless: (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const piece = " ".repeat(65_536);
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more).on("error", () => {});
    more();
  },
  "reset-mid-body": (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
    response.write('{"model":');
    setImmediate(() => response.destroy());
  },
  hang: () => {},
  /** Answers correctly, but only when a DELETE of its path releases it: slow by the clock of a test. */
  "slow-until-released": (response) => void held.push(() => send(response, 200, JSON.stringify(answer))),
  "slow-with-64-windows": (response) => void held.push(() => send(response, 200, JSON.stringify(ofWindows(64)))),
  "slow-300": (response) => void setTimeout(() => send(response, 200, JSON.stringify(answer)), 300),
};

/** Calls per path, and those that the caller abandoned before they were answered. A GET of a path returns them. */
interface Seen {
  calls: number;
  aborted: number;
  /** Of the last call. */
  headers: IncomingHttpHeaders;
  body: string;
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body);
}

/** A POST of a path is a call; its other methods are for tests, which see and change what the path does. */
export async function startFaultOrigin(port = 0): Promise<{ url: string; server: Server }> {
  const seen = new Map<string, Seen>();
  /** The behaviour that a PUT set for a path, whatever its name is; a JSON object is the answer itself. */
  const programmed = new Map<string, string>();

  const seenAt = (path: string) => {
    const counted = seen.get(path) ?? { calls: 0, aborted: 0, headers: {}, body: "" };
    seen.set(path, counted);
    return counted;
  };
  const control = (method: string | undefined, path: string, body: string) => {
    if (method === "PUT") programmed.set(path, body);
    if (method === "DELETE") for (const answerNow of held.splice(0)) answerNow();
    return JSON.stringify(seenAt(path));
  };
  const call = (path: string, body: string, response: ServerResponse) => {
    // What follows a "?" only separates tests that use the same behaviour.
    const wanted = programmed.get(path) ?? path.slice(1).split("?")[0] ?? "";
    const behave = wanted.startsWith("{") ? (to: ServerResponse) => send(to, 200, wanted) : behaviours[wanted];
    const counted = seenAt(path);
    counted.calls += 1;
    counted.headers = response.req.headers;
    counted.body = body;
    response.once("close", () => {
      if (!response.writableEnded) counted.aborted += 1;
    });
    return (behave ?? ((to) => send(to, 404, "")))(response);
  };

  const server = createServer(async (request, response) => {
    const { method, url: path = "" } = request;
    // Read the whole request first: an early answer to an unread body is another fault than the one asked for.
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    if (method === "POST") call(path, body, response);
    else send(response, 200, control(method, path, body));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

export default async function setup(project: TestProject) {
  const { url, server } = await startFaultOrigin();
  project.provide("faultOrigin", url);
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
