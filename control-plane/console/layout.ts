/** The frame of every page: head, navigation, who is signed in. Pure. */
import { html, raw } from "hono/html";
import { badge, type Markup, NOTHING } from "./markup.ts";
import { STYLESHEET } from "./stylesheet.ts";

export const PAGES = [
  { path: "/", name: "Overview" },
  { path: "/rollouts", name: "Rollouts" },
  { path: "/policy", name: "Policy" },
  { path: "/models", name: "Models" },
  { path: "/keys", name: "Keys" },
] as const;

/** Who looks at a page. */
export interface Session {
  role: "operator" | "reader";
  /** Null where no one signs in: on a developer's machine. */
  untilMs: number | null;
}

export interface Page {
  title: string;
  /** Of `PAGES`: the one to mark in the navigation. */
  path: (typeof PAGES)[number]["path"];
  session: Session;
  /** Pages of trace backends. */
  tracePages: readonly string[];
  /** Beside the title. */
  aside?: Markup;
  /** The address of the polled JSON, and the ETag of what the page shows; null for a page that does not change. */
  live: { url: string; etag: string } | null;
}

/** A whole page. */
export function layout(
  { title, path, session, tracePages, live, aside = NOTHING }: Page,
  content: Markup | readonly Markup[],
): Markup {
  const links = PAGES.map(
    (page) => html`<a href="${page.path}"${page.path === path ? html` aria-current="page"` : ""}>${page.name}</a>`,
  );
  const traces = tracePages.map(
    (url) => html`<a href="${url}" rel="noreferrer">Traces${tracePages.length > 1 ? ` (${hostOf(url)})` : ""} ↗</a>`,
  );
  const data = live === null ? "" : html` data-live="${live.url}" data-etag="${live.etag}"`;
  return frame(
    title,
    html`<a class="skip" href="#content">Skip to content</a>
<header class="top"><div class="bar"><a class="brand" href="/">Spillway</a>
<nav class="pages" aria-label="Pages">${links}${traces}</nav>
<div class="who">${whoIs(session)}</div></div></header>
<main id="content"${data}>
<div class="head"><h1>${title}</h1>${aside}</div>
${live === null ? "" : html`<p id="stale" class="notice warn" role="status" hidden></p>`}
${content}
</main>`,
  );
}

/** A page without navigation, for sign-in and for errors. */
export function plainPage(title: string, content: Markup): Markup {
  return frame(title, html`<main id="content" class="plain"><h1>${title}</h1>${content}</main>`);
}

function frame(title: string, body: Markup): Markup {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title} · Spillway</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml"><style>${raw(STYLESHEET)}</style>
<script type="module" src="/console.js"></script></head>
<body>${body}</body></html>`;
}

function whoIs({ role, untilMs }: Session): Markup {
  if (untilMs === null) return html`<small>no sign-in on this machine</small>`;
  const name = role === "operator" ? badge("operator") : badge("read-only");
  return html`${name}<form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>`;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
