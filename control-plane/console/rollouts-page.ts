/** Rollouts: watch, start, pause, resume and abort. */
import { Hono } from "hono";
import { html } from "hono/html";
import { describeIssues, schemaWordsOnly } from "../../policies/messages/describe-issues.ts";
import { startRollout } from "../policy/checked-changes.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import type { RolloutStatus } from "../rollout/types.ts";
import { type ChangeAnswer, type OneRollout, type RolloutChange, startSchema } from "../rollout-port.ts";
import { type ConsoleContext, type ConsoleEnv, pageOf, readerRefusal, refusedToReader } from "./context.ts";
import { layout } from "./layout.ts";
import { answerLive, etagOf, partsMarkup } from "./live.ts";
import type { Parts } from "./markup.ts";
import { publishedIds } from "./models-page.ts";
import { NO_FIELDS, rolloutsParts, type StartFields, startForms } from "./rollouts-view.ts";

/** Of the page of the present rollout, which is refreshed: rows of looks, and looks in a row. */
const MAX_SHOWN = { rows: 12, looks: 10 };
const MAX_PROBLEMS = 5;
const AUTHOR = "console";
const CHANGES: readonly RolloutChange[] = ["pause", "resume", "abort"];

export function rolloutRoutes(): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();
  routes.get("/", async (context) => context.html(await rolloutsPage(context, null, null)));
  routes.get("/live", async (context) => answerLive(context, (await presentParts(context)).parts));

  routes.post("/start", async (context) => {
    const refused = refusedToReader(context);
    if (refused !== null) return refused;
    const fields = await fieldsIn(context);
    const request = requestIn(fields);
    const parsed = startSchema.safeParse(request, { error: schemaWordsOnly });
    if (!parsed.success) {
      const { sentences } = describeIssues(startSchema, parsed.error.issues, request, MAX_PROBLEMS);
      return context.html(await rolloutsPage(context, fields, `${sentences.join("; ")}. Nothing was started.`), 422);
    }
    return answer(context, fields, await startRollout(context.env, parsed.data));
  });

  for (const change of CHANGES) {
    routes.post(`/${change}`, async (context) => {
      const refused = refusedToReader(context);
      if (refused !== null) return refused;
      const { id } = await context.req.parseBody();
      return answer(context, null, await rootOf(context.env).changeRollout(change, AUTHOR, Number(id)));
    });
  }

  routes.get("/:id{[0-9]+}", async (context) => {
    const before = Number(context.req.query("before"));
    const one = await rootOf(context.env).rollout(Number(context.req.param("id")), before > 0 ? before : null);
    if (one === null) return context.redirect("/rollouts", 303);
    const { now = "", numbers = "", looks = "" } = partsOfOne(one, readerRefusal(context.get("session")));
    const content = html`<div class="columns">${now}${numbers}${looks}</div><p><a href="/rollouts">All rollouts</a></p>`;
    const title = `Rollout ${one.rollout.id}`;
    return context.html(layout({ ...pageOf(context), title, path: "/rollouts", live: null }, content));
  });
  return routes;
}

function rootOf({ LEDGER }: Env) {
  return LEDGER.get(LEDGER.idFromName(ROOT_NAME));
}

function partsOfOne({ rollout, looks }: OneRollout, refused: string | null): Parts {
  const seen = { id: rollout.id, kind: rollout.kind, looks, max: null };
  return rolloutsParts({ shown: rollout, looks: seen, all: [], halves: null }, refused);
}

/** With the rollout that has not ended; null if none runs. */
async function presentParts(context: ConsoleContext): Promise<{ parts: Parts; current: RolloutStatus | null }> {
  const root = rootOf(context.env);
  const { current, rollouts: all, halves } = await root.rollouts();
  const shown = current ?? all[0] ?? null;
  const one = shown === null ? null : await root.rollout(shown.id);
  const looks = one === null ? null : { id: one.rollout.id, kind: one.rollout.kind, looks: one.looks, max: MAX_SHOWN };
  return { parts: rolloutsParts({ shown, looks, all, halves }, readerRefusal(context.get("session"))), current };
}

/** @param given what was sent; null for empty forms */
async function rolloutsPage(context: ConsoleContext, given: StartFields | null, problem: string | null) {
  const [{ parts, current }, models, { name: expected }] = await Promise.all([
    presentParts(context),
    publishedIds(context.env.MODELS),
    rootOf(context.env).policy(),
  ]);
  const fields = { ...(given ?? NO_FIELDS), expected };
  const running = current === null ? null : `Rollout ${current.id} has not ended. One runs at a time.`;
  const refused = readerRefusal(context.get("session")) ?? running;
  const notice = problem === null ? "" : html`<p class="notice bad" role="alert">${problem}</p>`;
  const live = { url: "/rollouts/live", etag: await etagOf(parts) };
  const content = html`${notice}<div class="columns">${partsMarkup(parts)}${startForms(fields, models, refused)}</div>`;
  return layout({ ...pageOf(context), title: "Rollouts", path: "/rollouts", live }, content);
}

async function fieldsIn(context: ConsoleContext): Promise<StartFields> {
  const form = await context.req.parseBody();
  const text = (name: string) => {
    const value = form[name];
    return typeof value === "string" ? value.trim() : "";
  };
  return {
    kind: text("kind") === "model" ? "model" : "share",
    to: text("to"),
    steps: text("steps"),
    model: text("model"),
    isShadowFirst: text("shadow") !== "",
    isAgain: text("again") !== "",
    expected: text("expected"),
  };
}

/** A field that is no number stays a text, which the schema refuses with its place. */
function requestIn({ kind, to, steps, model, isShadowFirst, isAgain, expected }: StartFields) {
  const number = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  const listed = steps.split(/[\s,;%]+/).filter((one) => one !== "");
  return {
    kind,
    target: kind === "model" ? model : number(to.replace(/\s*%$/, "")),
    steps: listed.length === 0 ? null : listed.map(number),
    shadowFirst: kind === "share" && isShadowFirst,
    again: isAgain,
    expectedPolicy: expected,
    author: AUTHOR,
  };
}

async function answer(context: ConsoleContext, fields: StartFields | null, result: ChangeAnswer) {
  if (result.is === "changed") return context.redirect("/rollouts", 303);
  return context.html(await rolloutsPage(context, fields, result.problem), result.is === "conflict" ? 409 : 422);
}
