/** Who is calling, as far as routing needs it. Keys are checked at the front door once there are keys (anonymous today). */

export interface Caller {
  /** Stable per caller, for the sticky split; null for an anonymous one, who is split by text. Never logged. */
  stickyKey: string | null;
}

export function authenticate(headers: Headers): Caller {
  return { stickyKey: headers.get("x-api-key") ?? headers.get("authorization") };
}
