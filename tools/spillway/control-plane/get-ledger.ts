/** Asks the control plane for the counts of a time range. */
import { z } from "zod";
import type { LedgerAnswer } from "../../../formats/ledger/answer.ts";
import { askControlPlane, type ControlPlane } from "./ask.ts";

const answerSchema = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  firstMs: z.number().nullable(),
  cells: z.string(),
  days: z.array(z.object({ startMs: z.number(), cells: z.string() })),
  isolates: z.array(
    z.object({
      isolate: z.string(),
      shard: z.string(),
      seenMs: z.number(),
      colo: z.string(),
      policy: z.number(),
      model: z.string(),
      candidate: z
        .object({ model: z.string(), state: z.string(), reason: z.string().nullable() })
        .nullable()
        .default(null),
      edgeState: z.string(),
      breakers: z.record(z.string(), z.string()),
      queuedTexts: z.number(),
    }),
  ),
});

export interface LedgerQuestion extends ControlPlane {
  fromMs: number;
  toMs: number;
}

/** @throws Error with one sentence and the next step */
export function getLedger({ fromMs, toMs, ...controlPlane }: LedgerQuestion): Promise<LedgerAnswer> {
  const query = { from: String(fromMs), to: String(toMs) };
  return askControlPlane(controlPlane, { method: "GET", path: "/v1/ledger", query }, answerSchema);
}
