/** Evidence that stays valid however often it is looked at: e-values of counts that are split between two arms. Pure. */
import { logBeta } from "./gamma.ts";

/** Events of two arms: failures, disagreements, or texts. */
export interface SplitCounts {
  treatment: number;
  control: number;
}

/**
 * ln E against "an event falls into the treatment arm with probability `part`", with a beta mixture of mean `part` as the alternative:
 * E = B(a + x_T, b + x_C) / (B(a, b) · part^x_T · (1 − part)^x_C), a = 1, b = (1 − part) / part.
 * If the arms are alike, E ever reaches 1/α with probability at most α, at whatever times it is read. Products of the E of independent steps
 * have the same property. Lindon and Malek, arXiv 2011.03567; Lindon, Ham, Tingley and Bojinov, arXiv 2210.08589.
 * @param part above 0, below 1
 */
export function logEValue({ treatment, control }: SplitCounts, part: number): number {
  const b = (1 - part) / part;
  return logBeta(1 + treatment, b + control) - logBeta(1, b) - treatment * Math.log(part) - control * Math.log1p(-part);
}

/**
 * ln E of more events in the treatment arm than its part of the texts explains; −∞ where it has no more.
 * The part is known from the policy, and measured: the smaller evidence of both counts, so that an arm with more texts than were asked for is
 * no failure.
 * @param asked part of the treatment arm, above 0, below 1
 */
export function logEValueOfMore(events: SplitCounts, texts: SplitCounts, asked: number): number {
  const achieved = texts.treatment / (texts.treatment + texts.control);
  const part = Math.max(asked, achieved);
  const all = events.treatment + events.control;
  if (!(events.treatment > part * all) || part >= 1) return Number.NEGATIVE_INFINITY;
  const byAsked = logEValue(events, asked);
  return achieved > asked ? Math.min(byAsked, logEValue(events, achieved)) : byAsked;
}
