/** The looks of a rollout as markup: those with the same verdict one after another are one row, which unfolds. Pure. */
import { html } from "hono/html";
import { foldLooks, type LookGroup, timesOf } from "../rollout/fold-looks.ts";
import type { Look, RolloutKind } from "../rollout/types.ts";
import { ARM_NAMES, numbersInWords } from "../rollout/words.ts";
import { badge, empty, type Markup, NOTHING, section, time, unbroken } from "./markup.ts";
import { shortReason } from "./rollout-view.ts";

export interface LooksSeen {
  id: number;
  kind: RolloutKind;
  /** In ascending order. */
  looks: readonly Look[];
  /** Where not all are shown: of rows, and of looks in a row. The latest ones are. */
  max: { rows: number; looks: number } | null;
}

const VERDICTS = { failed: "bad", successful: "good", inconclusive: "calm", interrupted: "warn" } as const;

/** Null before the first rollout. The newest look is first. */
export function looksCard(seen: LooksSeen | null): Markup {
  const groups = foldLooks(seen?.looks ?? []).toReversed();
  const content =
    seen === null || groups.length === 0
      ? empty("No look yet. Every look is kept with its numbers and its reason.")
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Looks"><table class="words looks">
<thead><tr><th scope="col">look</th><th scope="col">at, UTC</th><th scope="col">step</th><th scope="col">verdict</th><th scope="col">why</th></tr></thead>
<tbody>${groups.slice(0, seen.max?.rows).map((group) => row(group, seen))}</tbody></table></div>${earlier(groups, seen)}`;
  return section({ title: "Looks", aside: "the newest first", span: 8, height: "middle" }, content);
}

function row(group: LookGroup<Look>, seen: LooksSeen): Markup {
  const { first, last } = group;
  const { step, verdict, reason, missing } = last;
  const numbers = first === last ? String(last.number) : `${first.number} to ${last.number}`;
  const lacks =
    missing.length === 0
      ? NOTHING
      : html`<small>missing: ${unbroken(missing.map(({ what }) => what).join("; "))}</small>`;
  return html`<tr><th scope="row" class="figure">${numbers}</th><td class="figure">${first === last ? time(last.atMs) : timesOf(group)}</td><td class="figure">${step}</td>
<td>${badge(verdict, VERDICTS[verdict])}</td><td class="why">${unbroken(shortReason({ reason, missing }))}${lacks}${each(group, seen)}</td></tr>`;
}

/** The id is that of the first look: a row that is open stays open when a look is added. */
function each({ first, looks }: LookGroup<Look>, { id, kind, max }: LooksSeen): Markup {
  const shown = looks.slice(max === null ? 0 : -max.looks).toReversed();
  const items = shown.map(({ number, atMs, numbers }) => {
    const words = numbersInWords(numbers, ARM_NAMES[kind]);
    return html`<li value="${number}">${time(atMs)} ${words === "" ? "no texts" : words}</li>`;
  });
  const rest = shown.length < looks.length ? html`<p><a href="/rollouts/${id}">All ${looks.length}</a></p>` : NOTHING;
  return html`<details id="looks-${first.number}"><summary>${looks.length === 1 ? "numbers" : `${looks.length} looks with their numbers`}</summary><ol reversed>${items}</ol>${rest}</details>`;
}

/** Where the looks before these are. */
function earlier(groups: readonly LookGroup<Look>[], { id, looks, max }: LooksSeen): Markup {
  const [oldest] = looks;
  if (max !== null && groups.length > max.rows)
    return html`<p><a href="/rollouts/${id}">All looks of rollout ${id}</a></p>`;
  if (oldest === undefined || oldest.number === 1) return NOTHING;
  return html`<p><a href="/rollouts/${id}?before=${oldest.number}">Looks before ${oldest.number}</a></p>`;
}
