/** What is counted of a request, whether its trace is kept or not. */
import { distinct, type Outcome, routeOf } from "../outcome.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { Meter } from "./meter.ts";

export interface RequestEnd {
  method: string;
  scheme: string;
  /** Only one of ours: any other path is what a caller made of it. */
  route: string | undefined;
  /** Undefined where the handler threw. */
  status: number | undefined;
  errorType: string | undefined;
  tookMs: number;
  /** Undefined where nothing was recorded. */
  outcome: Outcome | undefined;
}

export function countRequest({ method, scheme, route, status, errorType, tookMs, outcome }: RequestEnd, meter: Meter) {
  meter.observe(INSTRUMENTS.requestDuration, tookMs / 1000, {
    "http.request.method": method,
    "url.scheme": scheme,
    "http.route": route,
    "http.response.status_code": status,
    "error.type": errorType,
  });
  const { refusal = null, inputs = [] } = outcome ?? {};
  const isAnswered = refusal === null && inputs.length > 0;
  meter.add(INSTRUMENTS.requests, 1, {
    "spillway.route": isAnswered ? routeOf(inputs) : undefined,
    "spillway.because": isAnswered ? onlyOne(distinct(inputs.map(({ because }) => because))) : undefined,
    "spillway.refusal": refusal?.code,
  });
  if (outcome !== undefined) meter.add(INSTRUMENTS.cost, outcome.ownCostUsd, { "spillway.cost.part": "gateway" });
  for (const { side, tokens } of inputs) {
    if (tokens !== null) meter.observe(INSTRUMENTS.tokens, tokens, { "spillway.side": side });
  }
}

/** Lists of reasons would be a series each. */
function onlyOne(reasons: readonly string[]): string {
  return reasons.length === 1 && reasons[0] !== undefined ? reasons[0] : "mixed";
}
