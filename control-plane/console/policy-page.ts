/** The policy: edit, check, review, save, compare, roll back. Every step is a form; nothing is kept between them. */
import { Hono } from "hono";
import { html } from "hono/html";
import { inForceIn } from "../../policies/versions/in-force.ts";
import { rollBackPolicy, savePolicy } from "../policy/checked-changes.ts";
import { checkedDocument, type PresentPolicy, type SaveResult } from "../policy/present-policy.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import { type ConsoleContext, type ConsoleEnv, pageOf, readerRefusal, refusedToReader } from "./context.ts";
import { layout } from "./layout.ts";
import { button, type Markup, section } from "./markup.ts";
import {
  type Draft,
  differenceMarkup,
  editableText,
  editorForm,
  historyTable,
  presentSentence,
  problemList,
} from "./policy-view.ts";

const MAX_AUTHOR_CHARACTERS = 100;
const MAX_MESSAGE_CHARACTERS = 300;
const DEFAULT_AUTHOR = "console";
/** The name of the present policy before the first version. */
const NOTHING_STORED = "0";

export function policyRoutes(): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();

  routes.get("/", async (context) => {
    const present = await rootOf(context.env).policy();
    const draft = { text: editableText(present.inForce.text), expected: present.name, author: "", message: "" };
    const saved = context.req.query("saved");
    const notice =
      saved !== undefined && saved === present.name
        ? html`<p class="notice good" role="status">Version ${saved} was saved.</p>`
        : "";
    return context.html(await editorPage(context, { draft, problems: [], notice, present }));
  });

  routes.post("/check", async (context) => {
    const { text } = await draftIn(context);
    const checked = checkedDocument(text);
    if (!checked.ok) return context.html(problemList(checked.problems));
    const { inForce } = await rootOf(context.env).policy();
    return context.html(differenceMarkup(inForce.text, text));
  });

  routes.post("/review", async (context) => {
    const refused = refusedToReader(context);
    if (refused !== null) return refused;
    const draft = await draftIn(context);
    const present = await rootOf(context.env).policy();
    const checked = checkedDocument(draft.text);
    if (!checked.ok) {
      return context.html(await editorPage(context, { draft, problems: checked.problems, notice: "", present }), 422);
    }
    if (draft.expected !== present.name) return conflictPage(context, draft, present);
    return context.html(reviewPage(context, draft, present));
  });

  routes.post("/save", async (context) => {
    const refused = refusedToReader(context);
    if (refused !== null) return refused;
    const draft = await draftIn(context);
    const checked = checkedDocument(draft.text);
    const root = rootOf(context.env);
    if (!checked.ok) {
      const present = await root.policy();
      return context.html(await editorPage(context, { draft, problems: checked.problems, notice: "", present }), 422);
    }
    const { document } = checked;
    const { expected, key } = draft;
    return answer(context, draft, await savePolicy(context.env, { document, expected, key, ...authorOf(draft) }));
  });

  routes.get("/versions/:name", async (context) => {
    const name = context.req.param("name");
    const root = rootOf(context.env);
    const [present, history] = await Promise.all([root.policy(), root.policyHistory()]);
    const entry = history.entries.find((one) => one.name === name);
    if (entry === undefined) return context.redirect("/policy", 303);
    const isStored = entry.name === present.name && present.inForce.rejected === null;
    const rollBack = button({
      label: `Save version ${name} again as the newest`,
      action: "/policy/rollback",
      fields: { to: name, expected: present.name, key: crypto.randomUUID() },
      refused: isStored ? "It is the stored version." : readerRefusal(context.get("session")),
      tone: "main",
    });
    const content = html`<div class="columns">${section(
      { title: `Version ${name}`, aside: entry.author ?? "outside spillway", span: 6 },
      html`<div class="scroll" tabindex="0" role="region" aria-label="Version ${name}"><pre>${editableText(entry.text)}</pre></div>`,
    )}${section(
      { title: `What a rollback to it changes`, aside: against(present), span: 6 },
      differenceMarkup(present.inForce.text, entry.text),
      rollBack,
    )}</div><p><a href="/policy">Back to the policy</a></p>`;
    return context.html(
      layout({ ...pageOf(context), title: `Policy, version ${name}`, path: "/policy", live: null }, content),
    );
  });

  routes.post("/rollback", async (context) => {
    const refused = refusedToReader(context);
    if (refused !== null) return refused;
    const draft = await draftIn(context);
    const form = await context.req.parseBody();
    const { expected, key } = draft;
    const to = textOf(form["to"]);
    return answer(context, draft, await rollBackPolicy(context.env, { to, expected, key, ...authorOf(draft) }));
  });
  return routes;
}

/** What differences are shown against: what is in force. */
function against({ inForce }: PresentPolicy): string {
  return inForce.name === null ? "against the defaults" : `against version ${inForce.name}`;
}

function madeFrom({ expected }: Draft, { name, inForce }: PresentPolicy): string {
  if (expected !== name || inForce.rejected === null) return `made from version ${expected}`;
  return inForce.name === null ? "made from the defaults" : `made from version ${inForce.name}`;
}

function rootOf({ LEDGER }: Env) {
  return LEDGER.get(LEDGER.idFromName(ROOT_NAME));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A form has line ends of CR and LF. */
async function draftIn(context: ConsoleContext): Promise<Draft & { key: string }> {
  const form = await context.req.parseBody();
  return {
    text: textOf(form["text"]).replaceAll("\r\n", "\n"),
    expected: textOf(form["expected"]),
    author: textOf(form["author"]).trim().slice(0, MAX_AUTHOR_CHARACTERS),
    message: textOf(form["message"]).trim().slice(0, MAX_MESSAGE_CHARACTERS),
    key: textOf(form["key"]) || crypto.randomUUID(),
  };
}

function authorOf({ author, message }: Draft): { author: string; message: string | null } {
  return {
    author: author === "" ? DEFAULT_AUTHOR : author,
    message: message === "" ? null : message,
  };
}

interface Editor {
  draft: Draft;
  problems: readonly string[];
  notice: Markup | string;
  present: PresentPolicy;
}

async function editorPage(context: ConsoleContext, { draft, problems, notice, present }: Editor): Promise<Markup> {
  const history = await rootOf(context.env).policyHistory();
  const refused = readerRefusal(context.get("session"));
  const content = html`${notice}${presentSentence(present)}<div class="columns">${section(
    { title: "Edit", aside: madeFrom(draft, present), span: 6 },
    editorForm(draft, problems, refused),
  )}${section({ title: "History", aside: "the last 50 versions", span: 6 }, historyTable(history))}</div>`;
  return layout({ ...pageOf(context), title: "Policy", path: "/policy", live: null }, content);
}

function reviewPage(context: ConsoleContext, draft: Draft & { key: string }, present: PresentPolicy): Markup {
  const isSame = present.inForce.rejected === null && editableText(draft.text) === editableText(present.inForce.text);
  const { key, ...fields } = draft;
  const save = button({
    label: "Save as a new version",
    action: "/policy/save",
    fields: { ...fields, key },
    refused: isSame ? "It is the same as the stored version." : null,
    tone: "main",
  });
  const content = html`<div class="columns">${section(
    { title: "Changes", aside: against(present), span: 8 },
    differenceMarkup(present.inForce.text, draft.text),
    html`<div class="row">${save}</div>`,
  )}${section({ title: "Edit again", span: 4 }, html`<p class="soft">Nothing was saved yet.</p>`, editorForm(draft, [], null))}</div>`;
  return layout({ ...pageOf(context), title: "Review the changes", path: "/policy", live: null }, content);
}

/** Another author saved a version since: what it changed, and the text of this one, to be merged by its author. */
async function conflictPage(context: ConsoleContext, draft: Draft, present: PresentPolicy): Promise<Response> {
  const history = await rootOf(context.env).policyHistory();
  const at = history.entries.findIndex(({ name }) => name === draft.expected);
  const base = inForceIn({ ...history, entries: history.entries.slice(0, at + 1) }, null);
  const theirs =
    at < 0 && draft.expected !== NOTHING_STORED
      ? html`<p class="soft">Version ${draft.expected} is no longer in the history.</p>`
      : differenceMarkup(base.text, present.inForce.text);
  const by = present.author ?? "An edit outside spillway";
  const content = html`<p class="notice bad" role="alert">${by} saved version ${present.name} after you started from version ${draft.expected}. Nothing was saved.</p>
<div class="columns">${section({ title: `What version ${present.name} changed`, aside: `against version ${draft.expected}`, span: 6 }, theirs)}${section(
    { title: "What your text would change", aside: against(present), span: 6 },
    differenceMarkup(present.inForce.text, draft.text),
  )}${section(
    { title: "Your text", aside: `from now on against version ${present.name}`, span: 12 },
    html`<p class="soft">Put their changes into it, then review it again.</p>`,
    editorForm({ ...draft, expected: present.name }, [], null),
  )}</div>`;
  return context.html(layout({ ...pageOf(context), title: "Conflict", path: "/policy", live: null }, content), 409);
}

async function answer(context: ConsoleContext, draft: Draft, result: SaveResult): Promise<Response> {
  if (result.is === "saved") return context.redirect(`/policy?saved=${result.present.name}`, 303);
  const present = await rootOf(context.env).policy();
  if (result.is === "conflict" && draft.text !== "") return conflictPage(context, draft, result.present);
  const problems = result.is === "invalid" ? result.problems : [];
  const sentence =
    result.is === "invalid" ? "The gateway would not accept the document. Nothing was saved." : result.problem;
  const notice = html`<p class="notice bad" role="alert">${sentence}</p>`;
  const kept =
    draft.text === "" ? { ...draft, text: editableText(present.inForce.text), expected: present.name } : draft;
  const status = result.is === "conflict" ? 409 : result.is === "unconfirmed" ? 503 : 422;
  return context.html(await editorPage(context, { draft: kept, problems, notice, present }), status);
}
