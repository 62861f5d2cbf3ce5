/** Rollouts: the present one with its looks and what is missing, start, pause, resume, abort, and the earlier ones. */
import { Hono } from "hono";
import type { Env } from "../ports.ts";
import { type ConsoleEnv, pageOf } from "./context.ts";
import { layout } from "./layout.ts";
import { etagOf, partsMarkup } from "./live.ts";
import { type Parts, section } from "./markup.ts";
import { rolloutSummary } from "./rollout-view.ts";

export function rolloutRoutes(): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();
  routes.get("/", async (context) => {
    const parts = await rolloutParts(context.env);
    const live = { url: "/live?page=rollouts", etag: await etagOf(parts) };
    return context.html(layout({ ...pageOf(context), title: "Rollouts", path: "/rollouts", live }, partsMarkup(parts)));
  });
  return routes;
}

/** What changes while a rollout runs. */
export async function rolloutParts(_env: Env): Promise<Parts> {
  return { now: section({ title: "Rollout", span: 12 }, rolloutSummary(null)) };
}
