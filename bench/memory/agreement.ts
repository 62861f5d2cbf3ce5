/** Whether the gateway's edge and the plain way compute the same: a fast answer that is wrong proves nothing. */
import { z } from "zod";
import { runPlain } from "../plain/client.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { Texts } from "../texts.ts";

const rowsSchema = z.array(z.array(z.object({ label: z.string(), score: z.number() })));

/** The largest difference between two logits for the same text, over texts of these lengths. */
export async function largestDifference(
  { spillway, plain }: { spillway: RunningWorker; plain: RunningWorker },
  texts: Texts,
  { lengths, labels }: { lengths: readonly number[]; labels: readonly string[] },
): Promise<number> {
  let largest = 0;
  for (const tokens of lengths) {
    const text = texts.make(tokens, 0);
    const [ours, theirs] = [await gatewayLogits(spillway, text, labels), await runPlain(plain, texts.encode(text))];
    for (const [index, logit] of theirs.logits.entries()) {
      largest = Math.max(largest, Math.abs(logit - (ours[index] ?? Number.NaN)));
    }
  }
  return largest;
}

/** @throws Error when the edge did not answer */
async function gatewayLogits({ url }: RunningWorker, text: string, labels: readonly string[]): Promise<number[]> {
  const response = await fetch(`${url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: text, parameters: { function_to_apply: "none" } }),
  });
  const route = response.headers.get("x-spillway-route");
  if (route !== "edge") throw new Error(`The edge did not answer: ${response.status} ${route ?? ""}.`);
  const [row] = rowsSchema.parse(await response.json());
  // Rows come best first; logits go by label.
  return labels.map((label) => row?.find((one) => one.label === label)?.score ?? Number.NaN);
}
