/** The edge of a composed gateway without the request path around it. */
import type { Clock, Lifetime } from "../../../gateway/call.ts";
import type { ModelBucket } from "../../../gateway/edge/bucket.ts";
import type { EdgeEngines } from "../../../gateway/edge/choose-engine.ts";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import type { Report } from "../../../gateway/record/events.ts";
import type { Edge, SideResult, Tokenized } from "../../../gateway/sides.ts";
import { policySchema } from "../../../policies/schema.ts";
import { SHORT } from "../../support/texts.ts";
import { aGateway, aLifetime, settled } from "./gateway.ts";

export const realClock: Clock = { nowMs: () => Date.now(), wait: (ms) => scheduler.wait(ms) };

export interface EdgeParts {
  bucket?: ModelBucket;
  engine?: EdgeEngine;
  engines?: EdgeEngines;
  clock?: Clock;
  publicKeyPem?: string;
  report?: Report;
}

/** Limits that leave the edge's own as the only ones. */
const policy = policySchema.parse({ edge: { maxTokens: 512 } });

export function anEdge(
  modelId: string,
  { bucket, engine, engines, clock = realClock, publicKeyPem, report }: EdgeParts = {},
): Edge {
  const { edge } = aGateway({
    modelId,
    originUrl: "http://127.0.0.1:9/",
    clock,
    ...(engine && { engine }),
    ...(engines && { engines }),
    ...(report && { report }),
    variables: {
      ...(bucket && { MODELS: bucket }),
      ...(publicKeyPem !== undefined && { MODEL_PUBLIC_KEY: publicKeyPem }),
    },
  }).world.sides;
  edge.obey(policy);
  return edge;
}

/** Warms the edge as requests do, and resolves when that has ended. */
export async function warmed(edge: Edge): Promise<Edge> {
  edge.warm(aLifetime());
  await settled();
  return edge;
}

/** Ids that count as this edge's own, so that they are run as they are. */
export function tokens(edge: Edge, tokenIds: readonly number[]): Tokenized {
  return { text: SHORT, tokens: tokenIds.length, tokenIds, typeIds: null, modelId: edge.status().model };
}

/** A text that no tokenizer has seen yet, as in a cold isolate. */
export function attempt(edge: Edge, text: string): Promise<SideResult> {
  return edge.attempt({ text, tokenized: null }, { policy, purpose: "answer", caller: null, lifetime: aLifetime() });
}

export function run(edge: Edge, tokenized: Tokenized, lifetime: Lifetime = aLifetime()): Promise<SideResult> {
  return edge.attempt({ text: tokenized.text, tokenized }, { policy, purpose: "answer", caller: null, lifetime });
}
