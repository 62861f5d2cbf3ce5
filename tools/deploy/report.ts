/** Pure. Findings for people: one line each, the next step below it. */
import type { Paint } from "../spillway/policy/colours.ts";
import type { Finding } from "./finding.ts";

const MARKS: Record<Finding["state"], { mark: string; colour: Parameters<Paint>[0] }> = {
  ok: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  problem: { mark: "✗", colour: "red" },
};

export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  return findings.flatMap(({ check, state, says, next }) => {
    const { mark, colour } = MARKS[state];
    const line = `  ${paint(colour, mark)} ${check}: ${says}`;
    return next === null ? [line] : [line, paint("dim", `      → ${next}`)];
  });
}

/** The last line: what happens now, or why nothing does. */
export function verdict(findings: readonly Finding[], environment: string, isDryRun: boolean): string {
  const problems = findings.filter(({ state }) => state === "problem").length;
  if (problems > 0) return `${problems === 1 ? "1 problem" : `${problems} problems`}: nothing was uploaded.`;
  return isDryRun
    ? `${environment} could be deployed as it is; nothing was uploaded.`
    : `${environment} is fit to be deployed.`;
}
