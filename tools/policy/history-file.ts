/** Pure. The history as it is stored under its own KV key. */
import { z } from "zod";
import { emptyHistory, type History } from "./history.ts";
import { readJson } from "./json.ts";

const fileSchema = z.object({
  format: z.literal(1),
  highestVersion: z.int().min(0),
  entries: z.array(
    z.object({
      name: z.string(),
      version: z.int().min(0).nullable(),
      timeIso: z.string(),
      author: z.string().nullable(),
      message: z.string().nullable(),
      text: z.string().nullable(),
      sha256: z.string(),
    }),
  ),
});

export function historyText({ highestVersion, entries }: History): string {
  return JSON.stringify({ format: 1, highestVersion, entries });
}

/** @throws Error with one sentence when the key holds something else */
export function readHistory(text: string | null): History {
  if (text === null) return emptyHistory;
  const parsed = fileSchema.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    "The KV key policy-history holds no history of this version of spillway; keep a copy of it with wrangler kv key get, then remove it with wrangler kv key delete policy-history --binding POLICIES.",
  );
}
