/** What an answer is worth: right, wrong, a stated refusal, or lost. Pure. */
import { z } from "zod";
import type { Answer } from "./send.ts";

/**
 * `answered`: 200 with the right scores. `wrong`: another 200. `refused`: a refusal that states its reason, and when to try again where the
 * contract has it. `lost`: no answer in time, or any other answer.
 */
export type Verdict = "answered" | "wrong" | "refused" | "lost";

export interface LabelScore {
  label: string;
  score: number;
}

/** The scores of one text, by the side that answers. */
export interface RightScores {
  edge: readonly LabelScore[];
  origin: readonly LabelScore[];
}

/** The largest difference between two computations of one side. */
const MAX_DIFFERENCE = 0.002;
/** What a stated refusal of a valid text may have. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [429, "rate-limited"],
  [503, "unavailable"],
  [504, "timeout"],
]);
/** Public text of an error that the gateway did not expect: gateway/app.ts. */
const BUG = "Something went wrong.";

const rowsSchema = z.tuple([z.array(z.object({ label: z.string(), score: z.number() }))]);
const errorSchema = z.object({ error: z.string(), error_type: z.string(), request_id: z.string().min(1) });

/** @param answer null if there was none in time */
export function verdictOf(answer: Answer | null, right: RightScores): Verdict {
  if (answer === null) return "lost";
  if (answer.status !== 200) return isStatedRefusal(answer) ? "refused" : "lost";
  const rows = rowsSchema.safeParse(parsed(answer.body));
  const expected = answer.headers["x-spillway-route"] === "edge" ? right.edge : right.origin;
  return rows.success && isRight(rows.data[0], expected) ? "answered" : "wrong";
}

/** Whether it has the contract's shape, and states when to try again. */
export function isStatedRefusal({ status, headers, body }: Answer): boolean {
  const error = errorSchema.safeParse(parsed(body));
  if (!error.success || error.data.error_type !== REFUSALS.get(status) || error.data.error.startsWith(BUG))
    return false;
  return status === 504 || /^[1-9]\d*$/.test(String(headers["retry-after"]));
}

function isRight(row: readonly LabelScore[], expected: readonly LabelScore[]): boolean {
  const scores = new Map(row.map(({ label, score }) => [label, score]));
  return (
    scores.size === expected.length &&
    row[0]?.label === expected[0]?.label &&
    expected.every(({ label, score }) => Math.abs((scores.get(label) ?? Number.NaN) - score) <= MAX_DIFFERENCE)
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
