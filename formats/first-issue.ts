/** A schema's first complaint, as a part of a sentence: where, and what is wrong there. */
import type { z } from "zod";

export function firstIssue({ issues: [issue] }: z.ZodError): string {
  const message = issue?.message ?? "it has another form";
  return issue === undefined || issue.path.length === 0 ? message : `${issue.path.join(".")}: ${message}`;
}
