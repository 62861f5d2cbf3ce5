/** The policy's editor, its differences and its history as markup. Pure. */
import { html } from "hono/html";
import { isObject, type JsonObject, parseJson } from "../../formats/json.ts";
import { changesOf } from "../../policies/versions/changes.ts";
import { withoutMetadata } from "../../policies/versions/document.ts";
import type { History } from "../../policies/versions/history.ts";
import { historyRows } from "../../policies/versions/history-rows.ts";
import type { VersionInForce } from "../../policies/versions/in-force.ts";
import type { PresentPolicy } from "../policy/present-policy.ts";
import { type DiffLine, lineDiff } from "./line-diff.ts";
import { badge, empty, type Markup, NOTHING, time } from "./markup.ts";

/** The part of a document that people edit, as text. A text that is no JSON object stays as it is. */
export function editableText(text: string | null): string {
  const document = text === null ? {} : parseJson(text);
  return isObject(document) ? `${JSON.stringify(withoutMetadata(document), null, 2)}\n` : (text ?? "");
}

/** The changes in words, then line by line. */
export function differenceMarkup(before: string | null, after: string | null): Markup {
  const [left, right] = [editableText(before), editableText(after)];
  const lines = lineDiff(left, right);
  if (lines.length === 0) return html`<p class="soft">No difference.</p>`;
  return html`${changeList(objectIn(before), objectIn(after))}
<div class="scroll" tabindex="0" role="region" aria-label="Differences, line by line"><pre class="diff">${lines.map(diffLine)}</pre></div>`;
}

function objectIn(text: string | null): JsonObject | null {
  const document = text === null ? {} : parseJson(text);
  return isObject(document) ? withoutMetadata(document) : null;
}

function changeList(before: JsonObject | null, after: JsonObject | null): Markup {
  if (before === null || after === null) return NOTHING;
  const items = changesOf(before, after).map((change) =>
    change.kind === "value"
      ? html`<li><code>${change.place}</code> <del>${change.before}</del> → <ins>${change.after}</ins></li>`
      : html`<li>${change.sentence}</li>`,
  );
  return html`<ul class="changes">${items}</ul>`;
}

const MARKS = { same: " ", added: "+", removed: "−" } as const;

function diffLine(line: DiffLine): Markup {
  if (line.kind === "skipped") return html`<span class="skipped">… ${line.lines} lines are the same</span>\n`;
  return html`<span class="${line.kind}">${MARKS[line.kind]} ${line.text}</span>\n`;
}

export interface Draft {
  text: string;
  /** The name of the version that the text was made from. */
  expected: string;
  author: string;
  message: string;
}

/** @param refused why it cannot be saved; null if it can */
export function editorForm(draft: Draft, problems: readonly string[], refused: string | null): Markup {
  const rows = Math.min(40, Math.max(14, draft.text.split("\n").length + 1));
  const invalid = problems.length === 0 ? "" : html` aria-invalid="true"`;
  const submit =
    refused === null
      ? html`<button class="main">Review changes</button>`
      : html`<button disabled>Review changes</button> <small>${refused}</small>`;
  return html`<form method="post" action="/policy/review" class="stack editor">
<input type="hidden" name="expected" value="${draft.expected}">
<label for="text">Policy, JSON; what is not set has its default</label>
<textarea id="text" name="text" rows="${rows}" spellcheck="false" autocomplete="off" aria-describedby="check"${invalid} data-check="/policy/check">${draft.text}</textarea>
<div id="check" aria-live="polite" class="check">${problemList(problems)}</div>
<div class="row"><div><label for="author">Your name, for the history</label><input id="author" name="author" autocomplete="name" maxlength="100" value="${draft.author}"></div>
<div><label for="message">Reason, for the history</label><input id="message" name="message" maxlength="300" value="${draft.message}"></div></div>
<div>${submit}</div></form>`;
}

/** Each problem with its place. */
export function problemList(problems: readonly string[]): Markup {
  if (problems.length === 0) return NOTHING;
  return html`<p class="bad">${problems.length === 1 ? "1 problem" : `${problems.length} problems`}. Nothing was saved.</p>
<ul class="problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`;
}

/** The newest version first. */
export function historyTable(history: History): Markup {
  const rows = historyRows(history);
  if (rows.length === 0)
    return empty("No version was saved yet: the defaults are in force. The first save becomes version 1.");
  const items = rows.map(({ entry, mark, problem, changes, remark }) => {
    const { name, timeIso, author, message } = entry;
    const state =
      mark === "last-stored" ? badge("stored", "good") : problem === null ? NOTHING : badge("rejected", "bad");
    const notes = [message, remark, problem].filter((note) => note !== null && note !== "");
    return html`<tr><th scope="row"><a href="/policy/versions/${name}">${name}</a> ${state}</th>
<td>${time(Date.parse(timeIso))}</td><td>${author ?? "outside spillway"}</td><td class="words">${changes.map((line) => html`<div>${line}</div>`)}${notes.map((note) => html`<small>${note}</small>`)}</td></tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Versions"><table class="words versions">
<thead><tr><th scope="col">version</th><th scope="col">saved, UTC</th><th scope="col">by</th><th scope="col">changes</th></tr></thead>
<tbody>${items}</tbody></table></div>`;
}

/** What is stored, in a sentence; where it is rejected, what is in force, from which every edit starts. */
export function presentSentence({ name, author, timeIso, inForce }: PresentPolicy): Markup {
  if (timeIso === null) return html`<p>No policy is stored: the defaults are in force.</p>`;
  const stored = html`Version <strong>${name}</strong> is stored, saved by ${author ?? "an edit outside spillway"} at ${time(Date.parse(timeIso))} UTC.`;
  const { rejected } = inForce;
  if (rejected === null) {
    return html`<p>${stored} Gateways have it within 35 s near the save, and within 95 s everywhere.</p>`;
  }
  const kept = rejected.isKept
    ? html`<a href="/policy/versions/${name}">Its text</a> stays in the history.`
    : "It is too large for the history, and a save replaces it: print it before with npx spillway policy get.";
  return html`<p class="notice bad" role="status">${stored} Gateways reject it: ${rejected.problem}. ${inForceWords(inForce)}, and every edit starts from there. ${kept}</p>`;
}

function inForceWords({ name }: VersionInForce): string {
  return name === null ? "The defaults are in force" : `Version ${name} is in force`;
}
