/** The JSON body of an operator's request, within bounds. */
import type { z } from "zod";
import { readBoundedBody } from "../formats/bounded-body.ts";
import { parseJson } from "../formats/json.ts";
import { describeIssues, schemaWordsOnly } from "../policies/messages/describe-issues.ts";
import { MAX_POLICY_BYTES } from "../policies/parse.ts";
import { refuse } from "./refuse.ts";

/** JSON may write each byte of a policy as six. */
const MAX_BODY_BYTES = 6 * MAX_POLICY_BYTES + 4096;
const MAX_BODY_MS = 15_000;
const MAX_PROBLEMS = 10;

export type ReadBody<T> = { ok: true; value: T } | { ok: false; response: Response };

/** @returns the value, or the answer that refuses it with its place, what was seen and what is allowed */
export async function readJsonBody<T>(request: Request, schema: z.ZodType<T>): Promise<ReadBody<T>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    return refused("unsupported-media-type", "Send JSON, with Content-Type: application/json.");
  }
  const read = await readBoundedBody(request.body, { maxBytes: MAX_BODY_BYTES, deadline: scheduler.wait(MAX_BODY_MS) });
  if (!read.ok) {
    if (read.why === "too-large") return refused("too-large", `The body has more than ${MAX_BODY_BYTES} bytes.`);
    return refused("malformed", "The body did not arrive whole. Send it again.");
  }
  const value = parseJson(new TextDecoder().decode(read.bytes));
  if (value === undefined) return refused("malformed", "The body is not JSON.");
  const parsed = schema.safeParse(value, { error: schemaWordsOnly });
  if (parsed.success) return { ok: true, value: parsed.data };
  const { sentences } = describeIssues(schema, parsed.error.issues, value, MAX_PROBLEMS);
  return refused("unprocessable", `${sentences.join("; ")}.`);
}

function refused(code: Parameters<typeof refuse>[0], error: string): { ok: false; response: Response } {
  return { ok: false, response: refuse(code, error) };
}
