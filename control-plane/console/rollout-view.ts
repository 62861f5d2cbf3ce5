/** A rollout in short: its state, its step, what its last look found and what is missing. Pure. */
import { html } from "hono/html";
import { days, percent } from "../report/numbers.ts";
import type { Missing, RolloutState, RolloutStatus } from "../rollout/types.ts";
import { waitOf } from "../rollout/words.ts";
import { DAY_MS } from "../widths.ts";
import { badge, empty, type Markup, NOTHING, time, unbroken } from "./markup.ts";
import { targetOf } from "./sentence.ts";

const TONES = {
  running: "good",
  held: "calm",
  paused: "warn",
  succeeded: "good",
  failed: "bad",
  interrupted: "warn",
  aborted: "warn",
} as const satisfies Record<RolloutState, string>;

export function stateBadge(state: RolloutState): Markup {
  return badge(state, TONES[state]);
}

/** What the overview lists; the page Rollouts has all. */
const MAX_MISSING = 3;

/** The reason without what is missing, which is a list beside it. */
export function shortReason({ reason, missing }: Pick<RolloutStatus, "reason" | "missing">): string {
  return missing.length === 0 ? reason : reason.replace(/\s*Missing: .*$/s, "");
}

/** For the overview. */
export function rolloutSummary(rollout: RolloutStatus | null): Markup {
  if (rollout === null) {
    return empty(
      "No rollout was started yet. Start one on the page Rollouts, or:",
      "npx spillway rollout start share --to 100",
    );
  }
  return html`<p>${stateBadge(rollout.state)} <a href="/rollouts">Rollout ${rollout.id}, ${targetOf(rollout)}</a></p>
${stepsOf(rollout)}<p>${unbroken(shortReason(rollout))}</p>${missingList(rollout.missing, MAX_MISSING)}`;
}

/** The steps in a row; the present one is marked. */
export function stepsOf({ steps, step, state, endedMs }: RolloutStatus): Markup {
  const at = steps.indexOf(step);
  const items = steps.map((name, index) => {
    const isDone = index < at || state === "succeeded";
    const current = index === at && endedMs === null ? html` aria-current="step"` : "";
    return html`<li class="${isDone ? "done" : index === at ? "now" : ""}"${current}>${name}</li>`;
  });
  return html`<ol class="steps" aria-label="Steps">${items}</ol>`;
}

/** What a verdict is missing, with the time that it takes at the present pace. */
export function missingList(missing: readonly Missing[], max = Number.POSITIVE_INFINITY): Markup {
  if (missing.length === 0) return NOTHING;
  const more = Math.max(0, missing.length - max);
  const items = missing.slice(0, max).map((one) => {
    const waitMs = waitOf(one);
    return html`<li>${unbroken(one.what)}${waitMs === null ? "" : html` <small>${days(waitMs / DAY_MS)} at this pace</small>`}</li>`;
  });
  return html`<p class="soft">Missing for the next verdict:</p><ul class="missing">${items}${more === 0 ? "" : html`<li><small>and ${more} more</small></li>`}</ul>`;
}

/** The facts of a rollout as pairs of a name and a value. */
export function rolloutFacts(rollout: RolloutStatus): Markup {
  const { policyVersion, startedMs, stepStartedMs, endedMs, verdict, numbers } = rollout;
  const coverage = numbers?.coverage ?? null;
  const pairs: [string, Markup | string][] = [
    ["verdict", verdict ?? "none yet"],
    ["policy version", String(policyVersion)],
    ["started, UTC", time(startedMs)],
    ...(stepStartedMs === null ? [] : [["step began, UTC", time(stepStartedMs)] satisfies [string, Markup]]),
    ...(endedMs === null ? [] : [["ended, UTC", time(endedMs)] satisfies [string, Markup]]),
    ...(coverage === null ? [] : [["coverage", percent(coverage)] satisfies [string, string]]),
  ];
  return html`<dl class="pairs">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
