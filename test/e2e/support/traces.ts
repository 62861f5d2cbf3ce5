/** What the local viewer holds. */
import { type Running, until } from "./system.ts";

export interface ViewedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: string;
  attributes: Record<string, unknown>;
  status: { code: string };
}

export async function allTraces({ viewer }: Running): Promise<string> {
  return (await fetch(`${viewer}/v1/traces`)).text();
}

/** The gateway's span of the whole request. Of a trace over both sides the Lambda's part may arrive first. */
export async function rootOf(system: Running, traceResponse: string | null): Promise<ViewedSpan> {
  return until("the gateway's span", async () => {
    const spans = await spansOf(system, traceResponse, 1);
    const isRoot = ({ kind, attributes }: ViewedSpan) =>
      kind === "SERVER" && attributes["service.name"] === "spillway-gateway";
    return spans.find(isRoot) ?? null;
  });
}

/** The spans of the trace that a `traceresponse` header names, once `enough` of them have arrived. */
export async function spansOf(system: Running, traceResponse: string | null, enough: number): Promise<ViewedSpan[]> {
  const traceId = traceResponse?.split("-")[1];
  return until(
    `a trace of ${enough} spans`,
    async () => {
      const { traces }: { traces: { traceId: string; spans: ViewedSpan[] }[] } = JSON.parse(await allTraces(system));
      const spans = traces.find((trace) => trace.traceId === traceId)?.spans ?? [];
      return spans.length >= enough ? spans : null;
    },
    20_000,
  );
}
