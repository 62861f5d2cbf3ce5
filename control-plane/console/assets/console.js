/**
 * What the console does beyond its pages and forms, which work without it: figures are refreshed while the page is visible, and the policy is
 * checked while it is typed. The server sends markup in which every text is escaped.
 */

const REFRESH_MS = 5000;
const TYPING_MS = 400;

const main = document.querySelector("main[data-live]");
const stale = document.getElementById("stale");
let etag = main === null ? "" : `"${main.dataset.etag}"`;

/** Replaces the content of an element; what is unfolded stays so. No script in it would run: the policy of the page forbids it, too. */
function show(element, markup) {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  for (const { id } of element.querySelectorAll("details[open]")) parsed.getElementById(id)?.setAttribute("open", "");
  element.replaceChildren(...parsed.body.childNodes);
}

/** A part that is in use stays as it is. */
function isInUse(part) {
  const selection = document.getSelection();
  const isSelected = selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
  return isSelected || part.contains(document.activeElement);
}

function report(sentence) {
  if (stale === null) return;
  stale.hidden = sentence === null;
  if (sentence !== null && stale.textContent !== sentence) stale.textContent = sentence;
}

async function refresh() {
  const response = await fetch(main.dataset.live, { headers: { "if-none-match": etag }, cache: "no-store" });
  if (response.status === 401) {
    report("The session has ended. Reload the page to sign in again.");
    return;
  }
  report(
    response.ok || response.status === 304 ? null : "The figures are not refreshed: the control plane does not answer.",
  );
  if (!response.ok) return;
  const { parts } = await response.json();
  let isComplete = true;
  for (const [id, markup] of Object.entries(parts)) {
    const part = main.querySelector(`[data-part="${id}"]`);
    if (part === null || part.dataset.shown === markup) continue;
    if (isInUse(part)) {
      isComplete = false;
      continue;
    }
    part.dataset.shown = markup;
    show(part, markup);
  }
  // A part that was in use is shown by a later refresh.
  etag = isComplete ? (response.headers.get("etag") ?? "") : "";
}

async function refreshWhileVisible() {
  if (document.visibilityState === "visible") {
    await refresh().catch(() => report("The figures are not refreshed: the control plane does not answer."));
  }
  setTimeout(refreshWhileVisible, REFRESH_MS);
}

if (main !== null) setTimeout(refreshWhileVisible, REFRESH_MS);

for (const field of document.querySelectorAll("textarea[data-check]")) {
  const result = document.getElementById("check");
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = field.value;
      const response = await fetch(field.dataset.check, { method: "POST", body: new URLSearchParams({ text }) }).catch(
        () => null,
      );
      if (response === null || !response.ok || field.value !== text) return;
      const markup = await response.text();
      show(result, markup);
      field.setAttribute("aria-invalid", String(result.querySelector(".problems") !== null));
    }, TYPING_MS);
  });
}
