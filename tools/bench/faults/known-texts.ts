/** Texts whose right scores are known, from both sides before any fault. */
import type { Agent } from "node:http";
import { z } from "zod";
import { originRequestOf } from "../../../formats/origin-wire.ts";
import { toRow } from "../../../gateway/dispatch/scores.ts";
import { readAnswer } from "../../../gateway/origin/read-answer.ts";
import { createSignedFetch, type OriginSettings } from "../../../gateway/origin/signed-fetch.ts";
import type { MakeText } from "../texts.ts";
import { send } from "./send.ts";
import type { LabelScore, RightScores } from "./verdict.ts";

export type TextKind = "short" | "long";

export interface KnownText extends RightScores {
  kind: TextKind;
  body: string;
}

const SHORT_TOKENS = [8, 12, 16, 24, 32, 48] as const;
/** Of the bench's policy. A longer text has no other side than the origin, and takes little of this machine's processors. */
export const MAX_EDGE_TOKENS = 128;
const LONG_TOKENS = 160;
const COUNT = { short: 30, long: 6 } as const;
/** A text near the border between two labels may get another one from the other side. */
const MIN_MARGIN = 0.1;
const MAX_ORIGIN_MS = 20_000;
const MAX_TOKENS = 16_384;

const rowsSchema = z.tuple([z.array(z.object({ label: z.string(), score: z.number() }))]);

export interface KnownTextsParts {
  make: MakeText;
  origin: OriginSettings;
  gateway: { url: string; agent: Agent; headers: Readonly<Record<string, string>> };
}

/**
 * The gateway has a policy under which its edge answers long texts too, as it does without a policy.
 * @throws Error with one sentence if the sides disagree about a text, or one of them does not answer
 */
export async function knownTexts({ make, origin, gateway }: KnownTextsParts): Promise<Record<TextKind, KnownText[]>> {
  const signedFetch = createSignedFetch(origin, fetch);
  const atOrigin = async (text: string): Promise<LabelScore[]> => {
    const body = JSON.stringify(originRequestOf(text, MAX_TOKENS));
    const response = await signedFetch(body, AbortSignal.timeout(MAX_ORIGIN_MS), MAX_ORIGIN_MS);
    return toRow({ ...(await readAnswer(response)), timings: { runMs: 0 } }, undefined, undefined);
  };
  const atEdge = async (body: string): Promise<LabelScore[]> => {
    const answer = await send({ ...gateway, body, maxMs: MAX_ORIGIN_MS });
    const route = answer?.headers["x-spillway-route"];
    if (answer === null || route !== "edge")
      throw new Error(`The edge did not answer a text before any fault: ${answer?.status}.`);
    return rowsSchema.parse(JSON.parse(answer.body))[0];
  };
  const known = async (kind: TextKind, tokens: number, seed: number): Promise<KnownText[]> => {
    const text = make(tokens, seed);
    const body = JSON.stringify({ inputs: text });
    const right = { edge: await atEdge(body), origin: await atOrigin(text) };
    if (marginOf(right.edge) < MIN_MARGIN || marginOf(right.origin) < MIN_MARGIN) return [];
    if (right.edge[0]?.label !== right.origin[0]?.label) throw new Error("Edge and origin disagree about a text.");
    return [{ kind, body, ...right }];
  };
  const found: Record<TextKind, KnownText[]> = { short: [], long: [] };
  for (let seed = 0; found.long.length < COUNT.long; seed++) {
    found.long.push(...(await known("long", LONG_TOKENS, seed)));
  }
  for (let seed = 0; found.short.length < COUNT.short; seed++) {
    const tokens = SHORT_TOKENS[seed % SHORT_TOKENS.length] ?? SHORT_TOKENS[0];
    found.short.push(...(await known("short", tokens, seed)));
  }
  return found;
}

function marginOf([first, second]: readonly LabelScore[]): number {
  return (first?.score ?? 0) - (second?.score ?? 0);
}
