/** The first problem that a zod schema found, as part of a sentence. */
import type { z } from "zod";

const MAX_CHARACTERS = 300;

/** `<path>: <message>`, or the message only if the problem is with the whole value. One short line, whatever keys the value has. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  const message = issue?.message ?? "it has another form";
  const whole = issue === undefined || issue.path.length === 0 ? message : `${issue.path.join(".")}: ${message}`;
  const line = whole.replaceAll(/\p{Cc}+/gu, " ");
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS - 1)}…` : line;
}
