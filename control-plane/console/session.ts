/**
 * A signed-in operator or reader: a cookie with the role and the end of the session, signed with a key that is made of the role's token.
 * Nothing is stored. Another token makes every session of the role end.
 */
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import type { Role } from "../operator.ts";
import type { Session } from "./layout.ts";

export const MAX_SESSION_MS = 12 * 60 * 60_000;
/** With the prefix `__Host-`: no other host and no other path can set it. */
const NAME = "spillway";
const ROLES: readonly Role[] = ["operator", "reader"];

type Digests = Readonly<Record<Role, string | null>>;

/** Starts a session. @param digest of the role's token */
export async function startSession(context: Context, role: Role, digest: string, nowMs: number): Promise<void> {
  await setSignedCookie(context, NAME, `${role} ${nowMs + MAX_SESSION_MS}`, secretOf(digest), {
    prefix: "host",
    httpOnly: true,
    secure: true,
    sameSite: "Strict",
    maxAge: MAX_SESSION_MS / 1000,
  });
}

/** The session of a request; null without one, for one that has ended, and for one of another token. */
export async function sessionOf(context: Context, digests: Digests, nowMs: number): Promise<Session | null> {
  for (const role of ROLES) {
    const digest = digests[role];
    if (digest === null) continue;
    const value = await getSignedCookie(context, secretOf(digest), NAME, "host");
    const untilMs = Number(/^(operator|reader) (\d{13})$/.exec(value || "")?.[2] ?? 0);
    if (value !== false && value?.startsWith(`${role} `) && untilMs > nowMs) return { role, untilMs };
  }
  return null;
}

export function endSession(context: Context): void {
  deleteCookie(context, NAME, { prefix: "host", secure: true, httpOnly: true, sameSite: "Strict" });
}

/** Anyone who has the digest could sign: it is in no store and no answer. */
function secretOf(digest: string): string {
  return `spillway console session ${digest}`;
}
