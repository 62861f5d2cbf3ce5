/** Rollouts as markup: the present one with its looks, what is missing and its buttons, the forms that start one, the earlier ones. Pure. */
import { html } from "hono/html";
import { MODEL_ID, shortModelId } from "../../formats/model-package/names.ts";
import { count, counted, ms, percent, ratio, ratioInterval, signedPoints } from "../report/numbers.ts";
import type { Cell } from "../report/table.ts";
import type { HalvesWatch } from "../rollout/halves.ts";
import type { LookNumbers, RolloutStatus } from "../rollout/types.ts";
import { type LooksSeen, looksCard } from "./looks-view.ts";
import { button, empty, type Markup, NOTHING, type Parts, section, tableMarkup, time } from "./markup.ts";
import { missingList, rolloutFacts, shortReason, stateBadge, stepsOf } from "./rollout-view.ts";
import { hasEnded, targetOf } from "./sentence.ts";

export interface RolloutsSeen {
  /** The rollout that has not ended; otherwise the last one. Null if there was none. */
  shown: RolloutStatus | null;
  /** Its looks; null without one. */
  looks: LooksSeen | null;
  /** The newest first. */
  all: readonly RolloutStatus[];
  /** The halves of the outside arm, judged by the same code; null before its first look. */
  halves: HalvesWatch | null;
}

/** What changes while a rollout runs. @param refused why nothing can be changed; null if it can */
export function rolloutsParts({ shown, looks, all, halves }: RolloutsSeen, refused: string | null): Parts {
  return {
    now: shown === null ? nothingYet() : rolloutCard(shown, refused),
    numbers: numbersCard(shown),
    looks: looksCard(looks),
    earlier: earlierCard(all),
    halves: halvesCard(halves),
  };
}

function nothingYet(): Markup {
  return section(
    { title: "No rollout was started yet", span: 8, height: "middle" },
    empty(
      "A rollout raises the share, or brings a new model to the isolates, step by step. It looks at the ledger, continues when the numbers show that nothing got worse, and rolls back when they show that something did. Start one with the form below, or:",
      "npx spillway rollout start share --to 100 --shadow-first",
    ),
  );
}

function rolloutCard(rollout: RolloutStatus, refused: string | null): Markup {
  const { id, state, missing, pending } = rollout;
  const waits =
    pending === null
      ? NOTHING
      : html`<p class="notice warn">Waits to write the policy (${pending.reason})${pending.lastProblem === null ? "." : `: ${pending.lastProblem}`}</p>`;
  return section(
    { title: `Rollout ${id}, ${targetOf(rollout)}`, aside: stateBadge(state), span: 8, height: "middle" },
    stepsOf(rollout),
    html`<p>${shortReason(rollout)}</p>`,
    waits,
    missingList(missing),
    rolloutFacts(rollout),
    hasEnded(rollout) ? NOTHING : controls(rollout, refused),
  );
}

/** Each names its rollout: when another one runs by then, nothing is changed. */
function controls({ id, state }: RolloutStatus, refused: string | null): Markup {
  const isPaused = state === "paused";
  const fields = { id: String(id) };
  const pause = button({
    label: "Pause",
    action: "/rollouts/pause",
    fields,
    refused: refused ?? (isPaused ? "It is paused." : null),
  });
  const resume = button({
    label: "Resume",
    action: "/rollouts/resume",
    fields,
    refused: refused ?? (isPaused ? null : "It is not paused."),
  });
  const abort = button({ label: "Abort and restore", action: "/rollouts/abort", fields, refused, tone: "danger" });
  return html`<div class="row">${pause}${resume}${abort}</div>`;
}

function numbersCard(shown: RolloutStatus | null): Markup {
  const numbers = shown?.numbers ?? null;
  const [treatment, control] = shown?.kind === "model" ? ["candidate", "incumbent"] : ["inside", "outside"];
  const content =
    numbers === null
      ? empty("The first look has numbers. The controller looks once a minute while texts come.")
      : html`${tableMarkup({ title: "Numbers of the last look", head: ["", treatment, control], rows: armRows(numbers) })}${tableMarkup({ title: "Bounds of the last look", head: ["", "found", "bound or limit"], rows: boundRows(numbers) })}`;
  return section({ title: "Last look", span: 4, height: "middle" }, content);
}

/** Where a look had too few texts for a number. */
const NONE = "–";

function armRows({ treatment, control }: LookNumbers): Cell[][] {
  return [
    ["texts", count(treatment.n), count(control.n)],
    ["failures", count(treatment.failures), count(control.failures)],
    ["P95", ms(treatment.p95Ms), ms(control.p95Ms)],
  ];
}

function boundRows(numbers: LookNumbers): Cell[][] {
  const { failureDifference, failureDifferenceAtMost, p95Ratio, p95RatioAtLeast, p95RatioAtMost } = numbers;
  const { agreement, coverage, askedPart, achievedPart, eValue } = numbers;
  const p95Bounds = p95RatioAtLeast === null ? NONE : ratioInterval({ low: p95RatioAtLeast, high: p95RatioAtMost });
  const same = agreement.compared === 0 ? null : 1 - agreement.disagreed / agreement.compared;
  return [
    [
      "failures, points",
      failureDifference === null ? NONE : signedPoints(failureDifference),
      failureDifferenceAtMost === null ? NONE : `≤ ${signedPoints(failureDifferenceAtMost)}`,
    ],
    ["P95, times", p95Ratio === null ? NONE : ratio(p95Ratio), p95Bounds],
    [
      { text: "same label", range: `of ${count(agreement.compared)}` },
      percent(same),
      agreement.atMost < 1 ? `≥ ${percent(1 - agreement.atMost)}` : NONE,
    ],
    ["evidence of failures", eValue < 0.01 ? "< 0.01" : quantityOf(eValue), "fails at 100"],
    ["share", percent(achievedPart), askedPart === null ? NONE : `${percent(askedPart)} asked`],
    ["coverage", percent(coverage), "≥ 95 %"],
  ];
}

function quantityOf(value: number): string {
  return value >= 1e6 ? value.toExponential(1) : ratio(value);
}

function earlierCard(all: readonly RolloutStatus[]): Markup {
  const rows = all.map(
    (one) =>
      html`<tr><th scope="row"><a href="/rollouts/${one.id}">${one.id}</a></th><td>${targetOf(one)}</td><td>${stateBadge(one.state)}</td><td>${time(one.startedMs)}<small>${shortReason(one)}</small></td></tr>`,
  );
  const content =
    rows.length === 0
      ? empty("Every rollout stays listed with its looks.")
      : html`<div class="scroll" tabindex="0" role="region" aria-label="All rollouts"><table class="words">
<thead><tr><th scope="col">id</th><th scope="col">target</th><th scope="col">state</th><th scope="col">started, UTC</th></tr></thead><tbody>${rows}</tbody></table></div>`;
  return section({ title: "All rollouts", span: 4, height: "middle" }, content);
}

/** The product's own proof. */
function halvesCard(halves: HalvesWatch | null): Markup {
  const content =
    halves === null
      ? empty(
          "The halves of the outside arm are served alike and judged by the same code. The first look is within the hour after texts came.",
        )
      : html`<p>${counted(halves.falseAlarms, "false alarm")} in ${counted(halves.runs, "run")}. Now: ${halves.verdict ?? "no verdict yet"}, policy version ${halves.policyVersion}, since ${time(halves.sinceMs)} UTC.</p><p class="soft">${halves.reason}</p>`;
  return section({ title: "A/A: is a verdict honest?", aside: "two halves that are served alike", span: 12 }, content);
}

export interface StartFields {
  kind: string;
  to: string;
  steps: string;
  model: string;
  isShadowFirst: boolean;
  isAgain: boolean;
  /** The name of the policy version that the form was made for. */
  expected: string;
}

export const NO_FIELDS: StartFields = {
  kind: "share",
  to: "100",
  steps: "",
  model: "",
  isShadowFirst: true,
  isAgain: false,
  expected: "",
};

/** @param refused why none can be started; null if one can */
export function startForms(fields: StartFields, models: readonly string[], refused: string | null): Markup {
  const submit = (label: string) =>
    refused === null
      ? html`<button class="main">${label}</button>`
      : html`<button disabled>${label}</button> <small>${refused}</small>`;
  const expected = html`<input type="hidden" name="expected" value="${fields.expected}">`;
  const again = html`${expected}<label><input type="checkbox" name="again" value="yes"${fields.isAgain ? html` checked` : ""}> also if the same target failed less than 24 h ago</label>`;
  const share = html`<form method="post" action="/rollouts/start" class="stack"><input type="hidden" name="kind" value="share">
<label for="to">Share at the end, percent of eligible texts</label><input id="to" name="to" inputmode="decimal" required value="${fields.to}">
<label for="steps">Steps before it, percent (default 10, 50, 95)</label><input id="steps" name="steps" placeholder="10, 50, 95" value="${fields.steps}">
<label><input type="checkbox" name="shadow" value="yes"${fields.isShadowFirst ? html` checked` : ""}> compare labels by shadow texts first</label>
${again}<div>${submit("Start")}</div></form>`;
  const known = models.filter((id) => MODEL_ID.test(id));
  const model = html`<form method="post" action="/rollouts/start" class="stack"><input type="hidden" name="kind" value="model">
<label for="model">Published model, name@digest</label><input id="model" name="model" list="models" required spellcheck="false" value="${fields.model}">
<datalist id="models">${known.map((id) => html`<option value="${id}">${shortModelId(id)}</option>`)}</datalist>
${again}<div>${submit("Start")}</div></form>`;
  return html`${section({ title: "Raise the share", span: 6 }, share)}${section({ title: "Bring a new model", span: 6 }, model)}`;
}
