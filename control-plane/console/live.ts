/** The polled JSON: the parts of a page that change, as they are in the page. */
import type { Context } from "hono";
import { html } from "hono/html";
import { sha256Hex } from "../../formats/sha256.ts";
import type { Markup, Parts } from "./markup.ts";

/** Every part in a separate element, which the module replaces. */
export function partsMarkup(parts: Parts): Markup[] {
  return Object.entries(parts).map(([id, markup]) => html`<div data-part="${id}">${markup}</div>`);
}

/** Of what a page shows. */
export async function etagOf(parts: Parts): Promise<string> {
  return etagOfTexts(await textsOf(parts));
}

/** 304 while the page shows the same. */
export async function answerLive(context: Context, parts: Parts): Promise<Response> {
  const texts = await textsOf(parts);
  const etag = `"${etagOfTexts(texts)}"`;
  context.header("etag", etag);
  if (context.req.header("if-none-match") === etag) return context.body(null, 304);
  return context.json({ parts: texts });
}

async function textsOf(parts: Parts): Promise<Record<string, string>> {
  const texts = Object.entries(parts).map(async ([id, markup]) => [id, String(await markup)]);
  return Object.fromEntries(await Promise.all(texts));
}

function etagOfTexts(texts: Readonly<Record<string, string>>): string {
  return sha256Hex(JSON.stringify(texts)).slice(0, 16);
}
