/** Rollouts: watch, start, pause, resume and abort. */
import { Hono } from "hono";
import { html } from "hono/html";
import { describeIssues, schemaWordsOnly } from "../../policies/messages/describe-issues.ts";
import { type Env, ROOT_NAME } from "../ports.ts";
import { type ChangeAnswer, type OneRollout, type RolloutChange, startSchema } from "../rollout-port.ts";
import { type ConsoleContext, type ConsoleEnv, pageOf, readerRefusal, refusedToReader } from "./context.ts";
import { layout } from "./layout.ts";
import { answerLive, etagOf, partsMarkup } from "./live.ts";
import type { Parts } from "./markup.ts";
import { publishedIds } from "./models-page.ts";
import { NO_FIELDS, rolloutsParts, type StartFields, startForms } from "./rollouts-view.ts";

/** The looks that the page of the present rollout lists. */
const MAX_LOOKS = 12;
const MAX_PROBLEMS = 5;
const AUTHOR = "console";
const CHANGES: readonly RolloutChange[] = ["pause", "resume", "abort"];

export function rolloutRoutes(): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();
  routes.get("/", async (context) => context.html(await rolloutsPage(context, NO_FIELDS, null)));
  routes.get("/live", async (context) => answerLive(context, await partsOf(context)));

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
    return answer(context, fields, await rootOf(context.env).startRollout(parsed.data));
  });

  for (const change of CHANGES) {
    routes.post(`/${change}`, async (context) => {
      const refused = refusedToReader(context);
      if (refused !== null) return refused;
      return answer(context, NO_FIELDS, await rootOf(context.env).changeRollout(change, AUTHOR));
    });
  }

  routes.get("/:id{[0-9]+}", async (context) => {
    const one = await rootOf(context.env).rollout(Number(context.req.param("id")));
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
  return rolloutsParts({ shown: rollout, looks: looks.toReversed(), all: [], halves: null }, refused);
}

async function partsOf(context: ConsoleContext): Promise<Parts> {
  const root = rootOf(context.env);
  const { current, rollouts: all, halves } = await root.rollouts();
  const shown = current ?? all[0] ?? null;
  const one = shown === null ? null : await root.rollout(shown.id);
  const looks = one === null ? [] : one.looks.slice(-MAX_LOOKS).reverse();
  return rolloutsParts({ shown, looks, all, halves }, readerRefusal(context.get("session")));
}

async function rolloutsPage(context: ConsoleContext, fields: StartFields, problem: string | null) {
  const [parts, models, { current }] = await Promise.all([
    partsOf(context),
    publishedIds(context.env.MODELS),
    rootOf(context.env).rollouts(),
  ]);
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
  };
}

/** A field that is no number stays a text, which the schema refuses with its place. */
function requestIn({ kind, to, steps, model, isShadowFirst, isAgain }: StartFields) {
  const number = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  const listed = steps.split(/[\s,;%]+/).filter((one) => one !== "");
  return {
    kind,
    target: kind === "model" ? model : number(to.replace(/\s*%$/, "")),
    steps: listed.length === 0 ? null : listed.map(number),
    shadowFirst: kind === "share" && isShadowFirst,
    again: isAgain,
    author: AUTHOR,
  };
}

async function answer(context: ConsoleContext, fields: StartFields, result: ChangeAnswer) {
  if (result.is === "changed") return context.redirect("/rollouts", 303);
  return context.html(await rolloutsPage(context, fields, result.problem), result.is === "conflict" ? 409 : 422);
}
