import type { Finding } from "../../../../tools/deploy/finding.ts";

/** The problems among the findings, as they are printed: `<check>: <message>`. */
export const problems = (findings: readonly Finding[]) => ofState(findings, "problem");
/** The warnings among them. */
export const warnings = (findings: readonly Finding[]) => ofState(findings, "warning");

function ofState(findings: readonly Finding[], wanted: Finding["state"]): string[] {
  return findings.filter(({ state }) => state === wanted).map(({ check, message }) => `${check}: ${message}`);
}
