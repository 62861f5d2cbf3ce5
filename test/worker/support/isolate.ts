/** One isolate's edge side on its own, with the background work of its calls at hand. */
import { env } from "cloudflare:workers";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import { EdgeIsolate } from "../../../gateway/edge/isolate.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/onnx-engine.ts";
import { createBreaker } from "../../../gateway/resilience/breaker/breaker.ts";
import type { Call, Clock, Tokenized } from "../../../gateway/world.ts";

export const TEXT = "WIN a free prize now, click here";

export const realClock: Clock = { nowMs: () => Date.now(), wait: (ms) => scheduler.wait(ms) };

let background: Promise<unknown>[] = [];

export function aCall(signal = new AbortController().signal): Call {
  return {
    requestId: "test",
    traceResponse: undefined,
    isShadow: false,
    signal,
    keepAlive: (work) => background.push(work),
    afterAnswer: (work) => background.push(work()),
  };
}

/** Resolves when everything that calls have asked to be kept alive for is over. */
export async function settled(): Promise<void> {
  await Promise.allSettled(background);
}

/** Work begun so far is no longer waited for, as if its requests had died. */
export function forgetBackground(): void {
  background = [];
}

export interface IsolateParts {
  bucket?: ModelBucket;
  engine?: EdgeEngine;
  clock?: Clock;
  publicKeyPem?: string;
}

export function anIsolate(modelId: string, parts: IsolateParts = {}): EdgeIsolate {
  const clock = parts.clock ?? realClock;
  return new EdgeIsolate({
    modelId,
    publicKeyPem: parts.publicKeyPem ?? env.MODEL_PUBLIC_KEY,
    bucket: parts.bucket ?? env.MODELS,
    engine: parts.engine ?? createOnnxEngine(wasm),
    breaker: createBreaker("edge", { consecutive: 3, openMs: 30_000 }, clock, () => 0.5),
    clock,
    report: () => {},
  });
}

/** As requests do: warms, and waits until that has come to an end. */
export async function warmed(edge: EdgeIsolate): Promise<EdgeIsolate> {
  edge.warm(aCall());
  await settled();
  return edge;
}

/** Ids that count as this isolate's own, so that they are run as they are. */
export function tokens(edge: EdgeIsolate, tokenIds: readonly number[]): Tokenized {
  return { text: TEXT, tokenIds, modelId: edge.status().model };
}
