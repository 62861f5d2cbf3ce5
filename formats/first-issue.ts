/** The first problem that a zod schema found, as part of a sentence. */
import type { z } from "zod";

/** `<path>: <message>`, or the message only if the problem is with the whole value. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  const message = issue?.message ?? "it has another form";
  return issue === undefined || issue.path.length === 0 ? message : `${issue.path.join(".")}: ${message}`;
}
