/** The library's ratio sampler, parent first, that keeps the caller's `tracestate`: left alone it would be lost. */

import { createSampler } from "@microlabs/otel-cf-workers";
import { type Context, trace } from "@opentelemetry/api";

type Sampler = ReturnType<typeof createSampler>;

export function headSampler(ratio: number): Sampler {
  const sampler = createSampler({ ratio });
  return {
    shouldSample(context: Context, ...rest) {
      const result = sampler.shouldSample(context, ...rest);
      const traceState = result.traceState ?? trace.getSpanContext(context)?.traceState;
      return traceState === undefined ? result : { ...result, traceState };
    },
    toString: () => `Spillway(${sampler.toString()})`,
  };
}
