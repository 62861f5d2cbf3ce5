/** One request to the public endpoint, timed on the caller's clock from sending to the last byte. */
import { z } from "zod";

const MAX_CALL_MS = 60_000;

export interface Call {
  status: number;
  /** `edge`, `origin`, `mixed`; null for a refusal. */
  route: string | null;
  because: string | null;
  callerMs: number;
  /** The durations in `server-timing`, in ms: queue, edge, origin, total. */
  gatewayMs: Readonly<Record<string, number>>;
}

/** Sends one text or a list of texts. @throws if there is no answer within 60 s */
export function classify(gatewayUrl: string, inputs: string | readonly string[]): Promise<Call> {
  return post(gatewayUrl, JSON.stringify({ inputs }));
}

/** Sends the body unchanged, well-formed or not. @throws if there is no answer within 60 s */
export async function post(gatewayUrl: string, body: string): Promise<Call> {
  return (await send(gatewayUrl, body)).call;
}

const scoresSchema = z.tuple([z.array(z.object({ label: z.string(), score: z.number() }))]);

/** One text's scores by label; null for a refusal. */
export type Scores = Readonly<Record<string, number>> | null;

/** Sends one text. @throws if there is no answer within 60 s */
export async function classifyWithScores(gatewayUrl: string, text: string): Promise<Call & { scores: Scores }> {
  const { call, bytes } = await send(gatewayUrl, JSON.stringify({ inputs: text }));
  if (call.status !== 200) return { ...call, scores: null };
  const [rows] = scoresSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return { ...call, scores: Object.fromEntries(rows.map(({ label, score }) => [label, score])) };
}

async function send(gatewayUrl: string, body: string): Promise<{ call: Call; bytes: ArrayBuffer }> {
  const sentAtMs = performance.now();
  const response = await fetch(`${gatewayUrl}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(MAX_CALL_MS),
  });
  const bytes = await response.arrayBuffer();
  const callerMs = performance.now() - sentAtMs;
  const { status, headers } = response;
  const call = {
    status,
    route: headers.get("x-spillway-route"),
    because: headers.get("x-spillway-because"),
    callerMs,
    gatewayMs: parseServerTiming(headers.get("server-timing")),
  };
  return { call, bytes };
}

/** Pure. @returns the durations of a `server-timing` header in ms: `queue;dur=1, edge;dur=20` → `{ queue: 1, edge: 20 }` */
export function parseServerTiming(header: string | null): Record<string, number> {
  const entries = (header ?? "").split(",").flatMap((part): [string, number][] => {
    const match = /^\s*([\w-]+)\s*;\s*dur=([\d.]+)\s*$/.exec(part);
    return match?.[1] === undefined ? [] : [[match[1], Number(match[2])]];
  });
  return Object.fromEntries(entries);
}
